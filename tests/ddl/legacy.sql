-- The column "export/x" is left out: Athena does not take its name, or export, billing_period and day have it.
-- The column "no good/x" is left out: Athena does not take its name, or export, billing_period and day have it.
-- The column "/x" is left out: Athena does not take its name, or export, billing_period and day have it.
-- The items as they lie in the store, also those in objects that the state does not name.
CREATE EXTERNAL TABLE `cur` (
  `identity` map<string,string>,
  `resourcetags` map<string,string>,
  `lineitem` map<string,string>,
  `bill` map<string,string>,
  `product` map<string,string>,
  `reservation` map<string,string>,
  `savingsplan` map<string,string>,
  `splitlineitem` map<string,string>,
  `discount` map<string,string>,
  `costcategory` map<string,string>,
  `note` string
)
PARTITIONED BY (`export` string, `billing_period` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'legacy/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'daily,hourly',
  'projection.billing_period.type' = 'date',
  'projection.billing_period.format' = 'yyyy-MM',
  'projection.billing_period.range' = '2023-11,NOW+1MONTHS',
  'projection.billing_period.interval' = '1',
  'projection.billing_period.interval.unit' = 'MONTHS',
  'storage.location.template' = 'legacy/export=${export}/billing_period=${billing_period}/'
);

-- The state documents, which name the objects of the newest deliveries.
CREATE EXTERNAL TABLE `cur_state` (
  `period` string,
  `format` string,
  `generation` bigint,
  `version` string,
  `delivered` string,
  `days` map<string,struct<items:bigint,digest:string,objects:array<string>>>
)
PARTITIONED BY (`export` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'legacy/_cur/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'daily,hourly',
  'storage.location.template' = 'legacy/_cur/${export}/'
);

-- The items of the newest deliveries, each once.
CREATE OR REPLACE VIEW "cur_current" AS
SELECT
  i."identity",
  i."resourcetags",
  i."lineitem",
  i."bill",
  i."product",
  i."reservation",
  i."savingsplan",
  i."splitlineitem",
  i."discount",
  i."costcategory",
  i."note",
  i."export",
  i."billing_period",
  CAST(s."day" AS date) AS "day"
FROM "cur" AS i
JOIN (
  SELECT d."export", d."period", n."day", 'day=' || n."day" || '/' || o."name" AS "object"
  FROM "cur_state" AS d
  CROSS JOIN UNNEST(d."days") AS n ("day", "content")
  CROSS JOIN UNNEST(n."content"."objects") AS o ("name")
  WHERE d."format" = 'cur1'
) AS s
ON i."export" = s."export" AND i."billing_period" = s."period"
  AND regexp_extract(i."$path", '[^/]+/[^/]+$') = s."object";

-- The same items under the names and types that AWS gives the columns in Athena.
CREATE OR REPLACE VIEW "cur_cur" AS
SELECT
  element_at("identity", 'LineItemId') AS "identity_line_item_id",
  COALESCE(element_at("resourcetags", 'user:owner'), element_at("resourcetags", 'user:Owner')) AS "resource_tags_user_owner",
  element_at("identity", 'TimeInterval') AS "identity_time_interval",
  CAST(COALESCE(element_at("lineitem", 'UnblendedCost'), element_at("lineitem", 'unblendedCost')) AS decimal(38,18)) AS "line_item_unblended_cost",
  CAST(from_iso8601_timestamp(replace(element_at("bill", 'BillingPeriodStartDate'), ' ', 'T')) AT TIME ZONE 'UTC' AS timestamp) AS "bill_billing_period_start_date",
  CAST(from_iso8601_timestamp(replace(element_at("lineitem", 'UsageStartDate'), ' ', 'T')) AT TIME ZONE 'UTC' AS timestamp) AS "line_item_usage_start_date",
  CAST(element_at("lineitem", 'UsageAmount') AS decimal(38,18)) AS "line_item_usage_amount",
  element_at("lineitem", 'UnblendedRate') AS "line_item_unblended_rate",
  element_at("product", 'ProductName') AS "product_product_name",
  element_at("reservation", 'ReservationARN') AS "reservation_reservation_a_r_n",
  CAST(element_at("savingsplan", 'TotalCommitmentToDate') AS decimal(38,18)) AS "savings_plan_total_commitment_to_date",
  CAST(element_at("splitlineitem", 'SplitCost') AS decimal(38,18)) AS "split_line_item_split_cost",
  CAST(element_at("discount", 'EdpDiscount') AS decimal(38,18)) AS "discount_edp_discount",
  element_at("resourcetags", 'user:it''s') AS "resource_tags_user_it_s",
  element_at("costcategory", 'Charge type') AS "cost_category_charge_type",
  "note",
  element_at("resourcetags", ':') AS "resource_tags",
  "export",
  "billing_period",
  "day"
FROM "cur_current";
