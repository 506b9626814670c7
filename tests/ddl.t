#!/bin/sh
# cur-sink-s3 --ddl: the statements for stores of hand-written state documents, compared with tests/ddl/CASE.sql.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"

# document STORE EXPORT PERIOD FORMAT COLUMN...: the columns have no backslash and no double quote in them.
document() {
	folder=$tmp/$1/_cur/$2 export=$2 period=$3 format=$4 columns=
	shift 4
	for column; do
		columns=$columns${columns:+,}\"$column\"
	done
	mkdir -p "$folder"
	{
		printf '{"v":1,"export":"%s","period":"%s","generation":3,' "$export" "$period"
		printf '"version":"20240117T053012Z","delivered":"2024-01-17T05:30:12Z","source":"s3://billing/finops/x",'
		printf '"format":"%s","columns":[%s],' "$format" "$columns"
		printf '"id":null,"time":["x"],"latest":null,"days":{}}\n'
	} >"$folder/$period.json"
}

# prints STORE TABLE CASE: compares, and keeps what was printed in $tmp/CASE.sql.
prints() {
	(cd "$tmp" && cur-sink-s3 --ddl "$2" "$1") >"$tmp/$3.sql" 2>"$tmp/err"
	is "$?:$(cat "$tmp/err")" "0:cur-sink-s3: --ddl: Athena reads from S3 alone: replace ${1%/} in what is printed by the place of the store there" \
		"$3: exit 0, and a word on the directory"
	same "$here/ddl/$3.sql" "$tmp/$3.sql" "$3: the statements"
}

# refuses STATUS MESSAGE STORE TABLE NAME
refuses() {
	(cd "$tmp" && cur-sink-s3 --ddl "$4" "$3") >"$tmp/out" 2>"$tmp/err"
	is "$?:$(cat "$tmp/out")" "$1:" "$5: exit $1 and no output"
	like "$(head -n 1 "$tmp/err")" "$2" "$5: the reason"
}

# Columns come and go between periods; two headers have one name; some can have none.
document legacy hourly 2024-02 cur1 identity/LineItemId identity/TimeInterval bill/BillingPeriodStartDate \
	lineItem/UsageStartDate lineItem/UsageAmount lineItem/UnblendedRate lineItem/UnblendedCost product/ProductName \
	reservation/ReservationARN savingsPlan/TotalCommitmentToDate splitLineItem/SplitCost discount/EdpDiscount \
	resourceTags/user:Owner "resourceTags/user:it's" 'costCategory/Charge type' note export/x 'no good/x' /x resourceTags/:
document legacy hourly 2023-11 cur1 identity/LineItemId identity/TimeInterval lineItem/UnblendedCost \
	lineItem/unblendedCost
document legacy daily 2024-03 cur1 identity/LineItemId resourceTags/user:owner
prints legacy cur legacy

document cur2 finops 2024-01 cur2 identity_line_item_id identity_time_interval bill_billing_period_start_date \
	line_item_unblended_cost line_item_unblended_rate line_item_usage_start_date product product_sku resource_tags \
	discount discount_total_discount Mine mine 2nd day
prints cur2 lake.finops_ cur2

document focus finops 2024-01 focus BilledCost BillingCurrency ChargePeriodStart PricingQuantity ServiceName Tags \
	x_Discounts x_Operation
prints focus/ focus focus

# An export that was legacy and is CUR 2.0 now, and another one.
document mixed "o'brien" 2024-01 cur1 identity/LineItemId lineItem/UnblendedCost
document mixed "o'brien" 2024-02 cur2 line_item_unblended_cost identity_line_item_id
document mixed _other 2024-02 cur2 identity_line_item_id
prints mixed lake.all mixed

# Each statement stands alone below its comment; a sum is never a double.
for case in legacy cur2 focus mixed; do
	awk -v RS= '!/^--/ || !/;$/ || /;\n/ { bad = 1 } END { exit bad }' "$tmp/$case.sql"
	ok $? "$case: paragraphs of comment and statement"
	! grep -qiE '\b(double|real|float)\b' "$tmp/$case.sql"
	ok $? "$case: no binary floating point"
done

for table in '' . a. .a a.b.c 'a b' 'a;b' 'a`b' 'a"b' é "$(printf '%0201d' 0)"; do
	refuses 64 '*--ddl*table*' legacy "$table" "table \"$(printf %.20s "$table")\""
done
mkdir "$tmp/empty"
refuses 66 '*no state document*' empty cur 'an empty store'
document comma a,b 2024-01 cur1 identity/LineItemId
refuses 64 '*comma*' comma cur 'a comma in the name of an export'
document bare bare 2024-01 cur1
refuses 64 '*no columns*' bare cur 'a document without columns'
document other other 2024-01 parquet a
refuses 64 '*no format*' other cur 'a format that is none of ours'
cur-sink-s3 --ddl cur "$tmp/legacy" >/dev/full 2>"$tmp/err"
is $? 74 'a full disk'
done_testing
