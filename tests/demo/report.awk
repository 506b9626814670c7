# Makes one delivery of a small daily report of January 2024, as AWS lays it down: two parts and a manifest.
# awk -v delivery=1..4 -v assembly=ID -v out=FOLDER -f report.awk
#
# Nothing is random: a row has the same cells in every delivery unless the delivery below says otherwise.
#   1  the first seven days
#   2  four more days; the fee and the tax of the first, and a row of the 4th, restated; one row of the 6th gone;
#      one row of the 3rd under a new line item id
#   3  a late row for the 5th, and a fee that starts on the 31st
#   4  four more days; the tag costcenter, which was activated on the 12th
BEGIN {
	if (delivery < 1 || delivery > 4 || assembly == "" || out == "")
		exit 64
	days = delivery == 1 ? 7 : delivery < 4 ? 11 : 15
	key = "finops/daily/20240101-20240201/" assembly "/daily-0000"
	services()
	columns()
	for (part = 1; part <= 2; part++)
		print header > file(part)
	for (day = 1; day <= days; day++)
		for (s = 1; s <= service_count; s++)
			for (k = 1; k <= rows_of[s]; k++)
				usage(day, s, k)
	fees()
	manifest()
}

function file(part) {
	return out "/daily-0000" part ".csv"
}

function service(code, name, type, operation, unit, rows) {
	service_count++
	code_of[service_count] = code
	name_of[service_count] = name
	type_of[service_count] = type
	operation_of[service_count] = operation
	unit_of[service_count] = unit
	rows_of[service_count] = rows
}

function services() {
	service("AmazonEC2", "Amazon Elastic Compute Cloud", "EUC1-BoxUsage:m6i.large", "RunInstances", "Hrs", 4)
	service("AmazonRDS", "Amazon Relational Database Service", "EUC1-InstanceUsage:db.r6g.large", "CreateDBInstance:0014", "Hrs", 2)
	service("AmazonS3", "Amazon Simple Storage Service", "EUC1-TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", 3)
	service("AWSLambda", "AWS Lambda", "EUC1-Lambda-GB-Second", "Invoke", "GB-Second", 3)
	service("AmazonDynamoDB", "Amazon DynamoDB", "EUC1-ReadRequestUnits", "PayPerRequestThroughput", "Requests", 2)
	service("AmazonCloudWatch", "AmazonCloudWatch", "EUC1-CW:MetricMonitorUsage", "MetricStorage", "Metrics", 2)
	service("AmazonVPC", "Amazon Virtual Private Cloud", "EUC1-NatGateway-Bytes", "NatGateway", "GB", 2)
	service("AWSDataTransfer", "AWS Data Transfer", "EUC1-DataTransfer-Out-Bytes", "InterZone-Out", "GB", 2)
	service("awskms", "AWS Key Management Service", "eu-central-1-KMS-Requests", "Decrypt", "Requests", 1)
	service("AWSMarketplace", "Red Hat® Enterprise Linux", "EUC1-SoftwareUsage", "Hourly", "Hrs", 1)
}

function columns(    n, i, names) {
	header = "identity/LineItemId,identity/TimeInterval,bill/InvoiceId,bill/BillingEntity,bill/BillType," \
	    "bill/PayerAccountId,bill/BillingPeriodStartDate,bill/BillingPeriodEndDate,lineItem/UsageAccountId," \
	    "lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType," \
	    "lineItem/Operation,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedRate,lineItem/UnblendedCost," \
	    "lineItem/LineItemDescription,product/ProductName,product/region,resourceTags/user:team"
	if (delivery == 4)
		header = header ",resourceTags/user:costcenter"
}

# A number from 0 to below limit that is always the same for the same arguments.  All of it stays below 2^53.
function number(a, b, c, limit,    x, y, i) {
	x = 1
	for (i = 0; i < 4; i++) {
		x = (x * 16807 + a * 7919 + b * 104729 + c * 1299709) % 2147483647
		y = x % 65521
		x = (y * y + int(x / 65521) * 7919) % 2147483647
	}
	return x % limit
}

# 52 characters, as AWS has them: the same on every day, another when a dimension of the row changes.
function line_item_id(s, k, issue,    text, i) {
	for (i = 1; i <= 52; i++)
		text = text substr("abcdefghijklmnopqrstuvwxyz234567", 1 + number(i, s + issue * 32, k, 32), 1)
	return text
}

function date(day) {
	return sprintf("2024-01-%02dT00:00:00Z", day)
}

function next_date(day) {
	return day == 31 ? "2024-02-01T00:00:00Z" : date(day + 1)
}

function quoted(text) {
	if (text !~ /[",\n]/)
		return text
	gsub(/"/, "\"\"", text)
	return "\"" text "\""
}

function row(id, day, from, to, kind, account, code, type, operation, amount, rate, cost, text, name, team, costcenter,    line) {
	line = id "," date(day) "/" next_date(day) ",,AWS,Anniversary,111122223333," date(1) "," next_date(31) "," account "," \
	    kind "," from "," to "," code "," type "," operation "," amount ",USD," rate "," cost "," quoted(text) "," \
	    name ",eu-central-1," team
	if (delivery == 4)
		line = line "," costcenter
	# Parts hold rows of all days, in no order.
	print line > file(1 + number(day, length(text), written++ % 13, 2))
}

# Java spells a small double with an exponent, and so do the reports.
function price(day, s, k) {
	if (code_of[s] == "AWSLambda" && k == 3)
		return sprintf("%d.%dE-7", 1 + number(day, s, k, 9), number(day, s, k + 7, 10))
	if (code_of[s] == "awskms")
		return sprintf("%d.%dE-5", 1 + number(day, s, k, 9), number(day, s, k + 7, 10))
	return sprintf("%d.%05d%05d", number(s, k, 3, int(40 / s)), number(day, s, k, 100000), number(day, s, k + 7, 100000))
}

function usage(day, s, k,    team, issue, cost, amount, costcenter) {
	if (delivery > 1 && day == 6 && code_of[s] == "AmazonVPC" && k == 2)
		return
	split("web data mobile", teams, " ")
	team = k > 3 ? "" : teams[k]
	issue = 0
	cost = price(day, s, k)
	amount = sprintf("%d.%04d", 1 + number(day, s, k + 3, 96), number(day, s, k + 5, 10000))
	if (delivery > 1 && day == 4 && code_of[s] == "AmazonEC2" && k == 1) {
		cost = "41.3300000000"
		amount = "96.0000"
	}
	if (delivery > 1 && day == 3 && code_of[s] == "AmazonS3" && k == 2)
		issue = 1
	if (delivery == 4 && day >= 12 && team != "") {
		costcenter = "CC-40" k
		issue = 2
	}
	row(line_item_id(s, k, issue), day, date(day), next_date(day), "Usage", "44445555666" k, code_of[s],
	    type_of[s], operation_of[s], amount, sprintf("0.%010d", number(s, 1, 1, 100000000)), cost,
	    "per " unit_of[s] ", \"" operation_of[s] "\" in EU (Frankfurt)", name_of[s], team, costcenter)
}

function fees(    day) {
	# What the first of the month has for the whole month: restated with every day that passes.
	row(line_item_id(20, 1, 0), 1, date(1), next_date(31), "RIFee", "111122223333", "AmazonRDS",
	    "EUC1-HeavyUsage:db.r6g.large", "CreateDBInstance:0014", days < 11 ? "744.0" : "1488.0", "0.1350000000",
	    days < 11 ? "100.4400000000" : "200.8800000000", "reserved instance, monthly fee", name_of[2], "", "")
	row(line_item_id(21, 1, 0), 1, date(1), next_date(31), "Tax", "111122223333", "AmazonEC2", "", "", "1.0", "",
	    days < 11 ? "19.08" : "38.17", "Tax of type VAT", name_of[1], "", "")
	for (day = 1; day <= days; day++)
		row(line_item_id(22, 1, 0), day, date(day), next_date(day), "Credit", "444455556661", "AWSLambda",
		    type_of[4], operation_of[4], "1.0", "", day % 3 == 0 ? "-7.0E-10" : "-0.00339", "credit, free tier",
		    name_of[4], "web", "")
	if (delivery < 3)
		return
	row(line_item_id(23, 1, 0), 5, date(5), next_date(5), "Usage", "444455556662", "AmazonRoute53", "DNS-Queries", "A",
	    "18223.0", "0.0000004000", "0.0072892000", "per 1,000,000 queries", "Amazon Route 53", "web", "")
	row(line_item_id(24, 1, 0), 31, date(31), next_date(31), "SavingsPlanRecurringFee", "111122223333",
	    "ComputeSavingsPlans", "EUC1-ComputeSP:1yrNoUpfront", "", "24.0", "0.5", "12.0",
	    "1 year, no upfront, compute savings plan", "Savings Plans for AWS Compute usage", "", "")
}

function manifest(    n, i, names, pair, path) {
	path = out "/daily-Manifest.json"
	printf "{\n  \"assemblyId\":\"%s\",\n  \"account\":\"111122223333\",\n  \"columns\":[", assembly > path
	n = split(header, names, ",")
	for (i = 1; i <= n; i++) {
		split(names[i], pair, "/")
		printf "%s\n    {\"category\":\"%s\",\"name\":\"%s\"}", (i > 1 ? "," : ""), pair[1], pair[2] > path
	}
	print "\n  ],\n  \"charset\":\"UTF-8\",\n  \"compression\":\"GZIP\",\n  \"contentType\":\"text/csv\"," > path
	print "  \"reportId\":\"5f1c3a5e0c9d4b7f8a6e2d1b0c9f8e7d6c5b4a39281706f5e4d3c2b1a0f9e8d7\"," > path
	print "  \"reportName\":\"daily\",\n  \"billingPeriod\":{\"start\":\"20240101T000000.000Z\",\"end\":\"20240201T000000.000Z\"}," > path
	print "  \"bucket\":\"billing\"," > path
	printf "  \"reportKeys\":[\"%s1.csv.gz\",\"%s2.csv.gz\"],\n", key, key > path
	print "  \"additionalArtifactKeys\":[]\n}" > path
}
