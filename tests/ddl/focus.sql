-- The items as they lie in the store, also those in objects that the state does not name.
CREATE EXTERNAL TABLE `focus` (
  `billedcost` string,
  `billingcurrency` string,
  `chargeperiodstart` string,
  `pricingquantity` string,
  `servicename` string,
  `tags` map<string,string>,
  `x_discounts` map<string,string>,
  `x_operation` string
)
PARTITIONED BY (`export` string, `billing_period` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'focus/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'finops',
  'projection.billing_period.type' = 'date',
  'projection.billing_period.format' = 'yyyy-MM',
  'projection.billing_period.range' = '2024-01,NOW+1MONTHS',
  'projection.billing_period.interval' = '1',
  'projection.billing_period.interval.unit' = 'MONTHS',
  'storage.location.template' = 'focus/export=${export}/billing_period=${billing_period}/'
);

-- The state documents, which name the objects of the newest deliveries.
CREATE EXTERNAL TABLE `focus_state` (
  `period` string,
  `format` string,
  `generation` bigint,
  `version` string,
  `delivered` string,
  `days` map<string,struct<items:bigint,digest:string,objects:array<string>>>
)
PARTITIONED BY (`export` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'focus/_cur/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'finops',
  'storage.location.template' = 'focus/_cur/${export}/'
);

-- The items of the newest deliveries, each once.
CREATE OR REPLACE VIEW "focus_current" AS
SELECT
  i."billedcost",
  i."billingcurrency",
  i."chargeperiodstart",
  i."pricingquantity",
  i."servicename",
  i."tags",
  i."x_discounts",
  i."x_operation",
  i."export",
  i."billing_period",
  CAST(s."day" AS date) AS "day"
FROM "focus" AS i
JOIN (
  SELECT d."export", d."period", n."day", 'day=' || n."day" || '/' || o."name" AS "object"
  FROM "focus_state" AS d
  CROSS JOIN UNNEST(d."days") AS n ("day", "content")
  CROSS JOIN UNNEST(n."content"."objects") AS o ("name")
  WHERE d."format" = 'focus'
) AS s
ON i."export" = s."export" AND i."billing_period" = s."period"
  AND regexp_extract(i."$path", '[^/]+/[^/]+$') = s."object";

-- The same items under the names and types that AWS gives the columns in Athena.
CREATE OR REPLACE VIEW "focus_cur" AS
SELECT
  CAST("billedcost" AS decimal(38,18)) AS "BilledCost",
  "billingcurrency" AS "BillingCurrency",
  CAST(from_iso8601_timestamp(replace("chargeperiodstart", ' ', 'T')) AT TIME ZONE 'UTC' AS timestamp) AS "ChargePeriodStart",
  CAST("pricingquantity" AS decimal(38,18)) AS "PricingQuantity",
  "servicename" AS "ServiceName",
  "tags" AS "Tags",
  "x_discounts" AS "x_Discounts",
  "x_operation" AS "x_Operation",
  "export",
  "billing_period",
  "day"
FROM "focus_current";
