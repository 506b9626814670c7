# Streams for tests of the stages that read items.  Source it after tap.sh.
columns='["identity/LineItemId","identity/TimeInterval","lineItem/UnblendedCost"]'
export=hourly period=2024-01 source='"s3://billing/finops/hourly"'

# stream VERSION [DAY:ID:COST…]: one delivery.  VERSION like 20240117T053012Z tells when it was delivered; "-" tells nothing.
stream() {
	version=\"$1\" delivered=null
	case $1 in
	????????T??????Z) delivered=$(echo "$1" | sed 's/\(....\)\(..\)\(..T\)\(..\)\(..\)\(.*\)/"\1-\2-\3\4:\5:\6"/') ;;
	-) version=null ;;
	esac
	shift
	printf '{"_cur":"begin","v":1,"export":"%s","period":"%s","version":%s,"delivered":%s,"source":%s,"parts":1,' \
		"$export" "$period" "$version" "$delivered" "$source"
	printf '"format":"cur1","columns":%s,"id":["identity","LineItemId"],"time":["identity","TimeInterval"]}\n' "$columns"
	for row; do
		item "$row"
	done
	printf '{"_cur":"end","export":"%s","period":"%s","version":%s,"parts":1,"items":%d,"rejected":%d}\n' \
		"$export" "$period" "$version" $# "${rejected:-0}"
	echo '{"_cur":"eos","deliveries":1}'
}

# item DAY:ID:COST, with DAY as 2024-01-02 or 2024-01-02T05:00:00Z
item() {
	day=${1%%:[a-z]*} rest=${1#"${1%%:[a-z]*}"}
	rest=${rest#:}
	case $day in *T*) ;; *) day=${day}T00:00:00Z ;; esac
	printf '{"identity":{"LineItemId":"%s","TimeInterval":"%s/%s"},"lineItem":{"UnblendedCost":"%s"}}\n' \
		"${rest%%:*}" "$day" "$day" "${rest#*:}"
}

# The items of a stream, sorted.
items() {
	grep -v '^{"_cur":' "$1" | sort
}

# The items of a store that its documents name, sorted.
stored() {
	for doc in "$1"/_cur/*/*.json; do
		[ -f "$doc" ] || continue
		e=$(basename "$(dirname "$doc")") p=$(basename "$doc" .json)
		jq -r '.days|to_entries[]|.key as $d|.value.objects[]|"day=\($d)/\(.)"' "$doc" |
			while read -r name; do gzip -dc "$1/export=$e/billing_period=$p/$name" || echo "missing $name"; done
	done | sort
}

# All files of a store, with inode and time of change: equal when nothing was written.
files() {
	(cd "$1" && find . -type f -printf '%p %i %T@ %C@\n' | sort)
}

# Objects and temporary files that no document names.
garbage() {
	for doc in "$1"/_cur/*/*.json; do
		e=$(basename "$(dirname "$doc")") p=$(basename "$doc" .json)
		jq -r --arg e "$e" --arg p "$p" '.days|to_entries[]|.key as $d|.value.objects[]|
			"./export=\($e)/billing_period=\($p)/day=\($d)/\(.)"' "$doc"
		echo "./_cur/$e/$p.json"
	done | sort >"$tmp/named"
	(cd "$1" && find . -type f | sort) | comm -23 - "$tmp/named"
}
