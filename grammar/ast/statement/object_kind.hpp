// The kinds of things that statements name: `DROP <kind>`, `COMMENT ON <kind>`, `SHOW CREATE
// <kind>`.
#pragma once

#include <string_view>

namespace tailrace::ast {

enum class ObjectKind {
  cluster,
  cluster_replica,
  column,
  connection,
  database,
  function,
  index,
  materialized_view,
  network_policy,
  role,
  schema,
  secret,
  sink,
  source,
  subsource,
  system,
  table,
  type,
  view,
};

// The words in upper case: `MATERIALIZED VIEW`.
std::string_view keywords(ObjectKind kind);
// The plural in upper case, as GRANT and SHOW write it: `MATERIALIZED VIEWS`.
std::string_view plural_keywords(ObjectKind kind);

}  // namespace tailrace::ast
