-- The items as they lie in the store, also those in objects that the state does not name.
CREATE EXTERNAL TABLE `lake`.`all_cur1` (
  `identity` map<string,string>,
  `lineitem` map<string,string>
)
PARTITIONED BY (`export` string, `billing_period` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'mixed/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'o\'brien',
  'projection.billing_period.type' = 'date',
  'projection.billing_period.format' = 'yyyy-MM',
  'projection.billing_period.range' = '2024-01,NOW+1MONTHS',
  'projection.billing_period.interval' = '1',
  'projection.billing_period.interval.unit' = 'MONTHS',
  'storage.location.template' = 'mixed/export=${export}/billing_period=${billing_period}/'
);

-- The state documents, which name the objects of the newest deliveries.
CREATE EXTERNAL TABLE `lake`.`all_cur1_state` (
  `period` string,
  `format` string,
  `generation` bigint,
  `version` string,
  `delivered` string,
  `days` map<string,struct<items:bigint,digest:string,objects:array<string>>>
)
PARTITIONED BY (`export` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'mixed/_cur/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = 'o\'brien',
  'storage.location.template' = 'mixed/_cur/${export}/'
);

-- The items of the newest deliveries, each once.
CREATE OR REPLACE VIEW "lake"."all_cur1_current" AS
SELECT
  i."identity",
  i."lineitem",
  i."export",
  i."billing_period",
  CAST(s."day" AS date) AS "day"
FROM "lake"."all_cur1" AS i
JOIN (
  SELECT d."export", d."period", n."day", 'day=' || n."day" || '/' || o."name" AS "object"
  FROM "lake"."all_cur1_state" AS d
  CROSS JOIN UNNEST(d."days") AS n ("day", "content")
  CROSS JOIN UNNEST(n."content"."objects") AS o ("name")
  WHERE d."format" = 'cur1'
) AS s
ON i."export" = s."export" AND i."billing_period" = s."period"
  AND regexp_extract(i."$path", '[^/]+/[^/]+$') = s."object";

-- The same items under the names and types that AWS gives the columns in Athena.
CREATE OR REPLACE VIEW "lake"."all_cur1_cur" AS
SELECT
  element_at("identity", 'LineItemId') AS "identity_line_item_id",
  CAST(element_at("lineitem", 'UnblendedCost') AS decimal(38,18)) AS "line_item_unblended_cost",
  "export",
  "billing_period",
  "day"
FROM "lake"."all_cur1_current";

-- The items as they lie in the store, also those in objects that the state does not name.
CREATE EXTERNAL TABLE `lake`.`all_cur2` (
  `identity_line_item_id` string,
  `line_item_unblended_cost` string
)
PARTITIONED BY (`export` string, `billing_period` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'mixed/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = '_other,o\'brien',
  'projection.billing_period.type' = 'date',
  'projection.billing_period.format' = 'yyyy-MM',
  'projection.billing_period.range' = '2024-02,NOW+1MONTHS',
  'projection.billing_period.interval' = '1',
  'projection.billing_period.interval.unit' = 'MONTHS',
  'storage.location.template' = 'mixed/export=${export}/billing_period=${billing_period}/'
);

-- The state documents, which name the objects of the newest deliveries.
CREATE EXTERNAL TABLE `lake`.`all_cur2_state` (
  `period` string,
  `format` string,
  `generation` bigint,
  `version` string,
  `delivered` string,
  `days` map<string,struct<items:bigint,digest:string,objects:array<string>>>
)
PARTITIONED BY (`export` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION 'mixed/_cur/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.export.type' = 'enum',
  'projection.export.values' = '_other,o\'brien',
  'storage.location.template' = 'mixed/_cur/${export}/'
);

-- The items of the newest deliveries, each once.
CREATE OR REPLACE VIEW "lake"."all_cur2_current" AS
SELECT
  i."identity_line_item_id",
  i."line_item_unblended_cost",
  i."export",
  i."billing_period",
  CAST(s."day" AS date) AS "day"
FROM "lake"."all_cur2" AS i
JOIN (
  SELECT d."export", d."period", n."day", 'day=' || n."day" || '/' || o."name" AS "object"
  FROM "lake"."all_cur2_state" AS d
  CROSS JOIN UNNEST(d."days") AS n ("day", "content")
  CROSS JOIN UNNEST(n."content"."objects") AS o ("name")
  WHERE d."format" = 'cur2'
) AS s
ON i."export" = s."export" AND i."billing_period" = s."period"
  AND regexp_extract(i."$path", '[^/]+/[^/]+$') = s."object";

-- The same items under the names and types that AWS gives the columns in Athena.
CREATE OR REPLACE VIEW "lake"."all_cur2_cur" AS
SELECT
  "identity_line_item_id",
  CAST("line_item_unblended_cost" AS decimal(38,18)) AS "line_item_unblended_cost",
  "export",
  "billing_period",
  "day"
FROM "lake"."all_cur2_current";
