SHOW CLUSTER REPLICAS WHERE cluster = 'ingest_postgres';

SELECT
    d.name AS database_name,
    n.name AS schema_name,
    s.name AS source_name,
    pgs.replication_slot
FROM
    mz_sources AS s
    JOIN mz_internal.mz_postgres_sources AS pgs ON s.id = pgs.id
    JOIN mz_schemas AS n ON n.id = s.schema_id
    JOIN mz_databases AS d ON d.id = n.database_id;
