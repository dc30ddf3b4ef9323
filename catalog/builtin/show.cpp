#include "catalog/builtin/declare.hpp"

namespace tailrace::catalog {

// What SHOW reads; the command adds the schema's or database's filter. Comments are '' where there
// is none.
std::vector<BuiltinView> show_views() {
  std::vector<BuiltinView> all;
  all.push_back(view(16876, "mz_internal", "mz_show_sources", "What SHOW SOURCES reads.",
                     {{"id", text_type},
                      {"name", text_type},
                      {"type", text_type},
                      {"cluster", text_type, nullable},
                      {"schema_id", text_type},
                      {"cluster_id", text_type, nullable},
                      {"comment", text_type}},
                     R"(SELECT s.id, s.name, s.type, c.name AS cluster, s.schema_id, s.cluster_id,
                               COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_sources s
                          LEFT JOIN mz_catalog.mz_clusters c ON c.id = s.cluster_id
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = s.id AND k.object_type = 'source' AND k.object_sub_id IS NULL)"));
  all.push_back(view(16994, "mz_internal", "mz_show_tables", "What SHOW TABLES reads.",
                     {{"schema_id", text_type},
                      {"name", text_type},
                      {"comment", text_type},
                      {"source_id", text_type, nullable}},
                     R"(SELECT t.schema_id, t.name, COALESCE(k.comment, '') AS comment, t.source_id
                          FROM mz_catalog.mz_tables t
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = t.id AND k.object_type = 'table' AND k.object_sub_id IS NULL)"));
  all.push_back(view(16995, "mz_internal", "mz_show_views", "What SHOW VIEWS reads.",
                     {{"schema_id", text_type}, {"name", text_type}, {"comment", text_type}},
                     R"(SELECT v.schema_id, v.name, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_views v
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = v.id AND k.object_type = 'view' AND k.object_sub_id IS NULL)"));
  all.push_back(view(16878, "mz_internal", "mz_show_materialized_views",
                     "What SHOW MATERIALIZED VIEWS reads.",
                     {{"id", text_type},
                      {"name", text_type},
                      {"cluster", text_type},
                      {"schema_id", text_type},
                      {"cluster_id", text_type},
                      {"comment", text_type}},
                     R"(SELECT v.id, v.name, c.name AS cluster, v.schema_id, v.cluster_id,
                               COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_materialized_views v
                          JOIN mz_catalog.mz_clusters c ON c.id = v.cluster_id
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = v.id AND k.object_type = 'materialized-view' AND k.object_sub_id IS NULL)"));
  all.push_back(view(
      16879, "mz_internal", "mz_show_indexes", "What SHOW INDEXES reads.",
      {{"id", text_type},
       {"name", text_type},
       {"on", text_type},
       {"cluster", text_type},
       {"key", text_array_type},
       {"on_id", text_type},
       {"schema_id", text_type},
       {"cluster_id", text_type},
       {"comment", text_type}},
      R"(SELECT i.id, i.name, r.name AS "on", c.name AS cluster, keys.key, i.on_id, r.schema_id,
                               i.cluster_id, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_indexes i
                          JOIN mz_catalog.mz_relations r ON r.id = i.on_id
                          JOIN mz_catalog.mz_clusters c ON c.id = i.cluster_id
                          JOIN (SELECT x.index_id,
                                       array_agg(COALESCE(x.on_expression, col.name) ORDER BY x.index_position)
                                         AS key
                                  FROM mz_catalog.mz_index_columns x
                                  JOIN mz_catalog.mz_indexes xi ON xi.id = x.index_id
                                  LEFT JOIN mz_catalog.mz_columns col
                                    ON col.id = xi.on_id AND col.position = x.on_position
                                 GROUP BY x.index_id) keys ON keys.index_id = i.id
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = i.id AND k.object_type = 'index' AND k.object_sub_id IS NULL)"));
  all.push_back(view(
      17001, "mz_internal", "mz_show_connections", "What SHOW CONNECTIONS reads.",
      {{"schema_id", text_type}, {"name", text_type}, {"type", text_type}, {"comment", text_type}},
      R"(SELECT n.schema_id, n.name, n.type, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_connections n
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = n.id AND k.object_type = 'connection' AND k.object_sub_id IS NULL)"));
  all.push_back(view(17004, "mz_internal", "mz_show_secrets", "What SHOW SECRETS reads.",
                     {{"schema_id", text_type}, {"name", text_type}, {"comment", text_type}},
                     R"(SELECT n.schema_id, n.name, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_secrets n
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = n.id AND k.object_type = 'secret' AND k.object_sub_id IS NULL)"));
  all.push_back(view(16996, "mz_internal", "mz_show_types", "What SHOW TYPES reads.",
                     {{"schema_id", text_type}, {"name", text_type}, {"comment", text_type}},
                     R"(SELECT n.schema_id, n.name, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_types n
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = n.id AND k.object_type = 'type' AND k.object_sub_id IS NULL)"));
  all.push_back(view(
      17002, "mz_internal", "mz_show_all_objects", "What SHOW OBJECTS reads.",
      {{"schema_id", text_type}, {"name", text_type}, {"type", text_type}, {"comment", text_type}},
      R"(SELECT o.schema_id, o.name, o.type, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_objects o
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = o.id AND k.object_type = o.type AND k.object_sub_id IS NULL)"));
  all.push_back(view(
      17005, "mz_internal", "mz_show_columns", "What SHOW COLUMNS reads.",
      {{"id", text_type},
       {"name", text_type},
       {"nullable", bool_type},
       {"type", text_type},
       {"position", uint8_type},
       {"comment", text_type}},
      R"(SELECT n.id, n.name, n.nullable, n.type, n.position, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_columns n
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = n.id AND k.object_sub_id = n.position)"));
  all.push_back(view(16997, "mz_internal", "mz_show_databases", "What SHOW DATABASES reads.",
                     {{"name", text_type}, {"comment", text_type}},
                     R"(SELECT n.name, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_databases n
                          LEFT JOIN mz_internal.mz_comments k ON k.id = n.id AND k.object_type = 'database')"));
  all.push_back(
      view(16998, "mz_internal", "mz_show_schemas", "What SHOW SCHEMAS reads.",
           {{"database_id", text_type, nullable}, {"name", text_type}, {"comment", text_type}},
           R"(SELECT n.database_id, n.name, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_schemas n
                          LEFT JOIN mz_internal.mz_comments k ON k.id = n.id AND k.object_type = 'schema')"));
  all.push_back(view(16999, "mz_internal", "mz_show_roles", "What SHOW ROLES reads.",
                     {{"name", text_type}, {"comment", text_type}},
                     R"(SELECT n.name, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_roles n
                          LEFT JOIN mz_internal.mz_comments k ON k.id = n.id AND k.object_type = 'role'
                         WHERE n.id NOT LIKE 's%' AND n.id NOT LIKE 'g%')"));
  all.push_back(
      view(17003, "mz_internal", "mz_show_clusters", "What SHOW CLUSTERS reads.",
           {{"name", text_type},
            {"replicas", text_type, nullable},
            {"activity", text_type, nullable},
            {"comment", text_type}},
           R"(SELECT c.name, r.replicas, NULL::text AS activity, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_clusters c
                          LEFT JOIN (SELECT cluster_id,
                                            string_agg(name || ' (' || COALESCE(size, '?') || ')', ', ' ORDER BY name)
                                              AS replicas
                                       FROM mz_catalog.mz_cluster_replicas GROUP BY cluster_id) r
                            ON r.cluster_id = c.id
                          LEFT JOIN mz_internal.mz_comments k ON k.id = c.id AND k.object_type = 'cluster')"));
  // Ready: everything on the replica has caught up.
  all.push_back(view(16880, "mz_internal", "mz_show_cluster_replicas",
                     "What SHOW CLUSTER REPLICAS reads.",
                     {{"cluster", text_type},
                      {"replica", text_type},
                      {"replica_id", text_type},
                      {"size", text_type, nullable},
                      {"ready", bool_type},
                      {"comment", text_type}},
                     R"(SELECT c.name AS cluster, r.name AS replica, r.id AS replica_id, r.size,
                               COALESCE(h.ready, true) AS ready, COALESCE(k.comment, '') AS comment
                          FROM mz_catalog.mz_cluster_replicas r
                          JOIN mz_catalog.mz_clusters c ON c.id = r.cluster_id
                          LEFT JOIN (SELECT replica_id, bool_and(hydrated) AS ready
                                       FROM mz_internal.mz_hydration_statuses
                                      WHERE replica_id IS NOT NULL GROUP BY replica_id) h
                            ON h.replica_id = r.id
                          LEFT JOIN mz_internal.mz_comments k
                            ON k.id = r.id AND k.object_type = 'cluster-replica')"));
  return all;
}

}  // namespace tailrace::catalog
