-- The column "day" is left out: Athena does not take its name, or export, billing_period and day have it.
-- The items as they lie in the store, also those in objects that the state does not name.
CREATE EXTERNAL TABLE `lake`.`finops_` (
  `identity_line_item_id` string,
  `identity_time_interval` string,
  `bill_billing_period_start_date` string,
  `line_item_unblended_cost` string,
  `line_item_unblended_rate` string,
  `line_item_usage_start_date` string,
  `product` map<string,string>,
  `product_sku` string,
  `resource_tags` map<string,string>,
  `discount` map<string,string>,
  `discount_total_discount` string,
  `mine` string,
  `2nd` string
)
PARTITIONED BY (`export` string, `billing_period` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'cur2/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'finops',
  'projection.billing_period.type' = 'date',
  'projection.billing_period.format' = 'yyyy-MM',
  'projection.billing_period.range' = '2024-01,NOW+1MONTHS',
  'projection.billing_period.interval' = '1',
  'projection.billing_period.interval.unit' = 'MONTHS',
  'storage.location.template' = 'cur2/export=${export}/billing_period=${billing_period}/'
);

-- The state documents, which name the objects of the newest deliveries.
CREATE EXTERNAL TABLE `lake`.`finops__state` (
  `period` string,
  `format` string,
  `generation` bigint,
  `version` string,
  `delivered` string,
  `days` map<string,struct<items:bigint,digest:string,objects:array<string>>>
)
PARTITIONED BY (`export` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'cur2/_cur/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'finops',
  'storage.location.template' = 'cur2/_cur/${export}/'
);

-- The items of the newest deliveries, each once.
CREATE OR REPLACE VIEW "lake"."finops__current" AS
SELECT
  i."identity_line_item_id",
  i."identity_time_interval",
  i."bill_billing_period_start_date",
  i."line_item_unblended_cost",
  i."line_item_unblended_rate",
  i."line_item_usage_start_date",
  i."product",
  i."product_sku",
  i."resource_tags",
  i."discount",
  i."discount_total_discount",
  i."mine",
  i."2nd",
  i."export",
  i."billing_period",
  CAST(s."day" AS date) AS "day"
FROM "lake"."finops_" AS i
JOIN (
  SELECT d."export", d."period", n."day", 'day=' || n."day" || '/' || o."name" AS "object"
  FROM "lake"."finops__state" AS d
  CROSS JOIN UNNEST(d."days") AS n ("day", "content")
  CROSS JOIN UNNEST(n."content"."objects") AS o ("name")
  WHERE d."format" = 'cur2'
) AS s
ON i."export" = s."export" AND i."billing_period" = s."period"
  AND regexp_extract(i."$path", '[^/]+/[^/]+$') = s."object";

-- The same items under the names and types that AWS gives the columns in Athena.
CREATE OR REPLACE VIEW "lake"."finops__cur" AS
SELECT
  "identity_line_item_id",
  "identity_time_interval",
  CAST(from_iso8601_timestamp(replace("bill_billing_period_start_date", ' ', 'T')) AT TIME ZONE 'UTC' AS timestamp) AS "bill_billing_period_start_date",
  CAST("line_item_unblended_cost" AS decimal(38,18)) AS "line_item_unblended_cost",
  "line_item_unblended_rate",
  CAST(from_iso8601_timestamp(replace("line_item_usage_start_date", ' ', 'T')) AT TIME ZONE 'UTC' AS timestamp) AS "line_item_usage_start_date",
  "product",
  "product_sku",
  "resource_tags",
  "discount",
  CAST("discount_total_discount" AS decimal(38,18)) AS "discount_total_discount",
  "mine" AS "Mine",
  "2nd",
  "export",
  "billing_period",
  "day"
FROM "lake"."finops__current";
