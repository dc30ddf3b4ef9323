// Which options each kind of list has. A new option is a line in option_table.cpp.
// Private to grammar/builder/.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace tailrace::grammar::builder {

enum class OptionListKind {
  connection,  // of a kind that only the catalog knows
  postgres_connection,
  ssh_tunnel_connection,
  aws_connection,
  aws_privatelink_connection,
  endpoint,           // of AWS PRIVATELINK c (..)
  validation,         // WITH of connections
  source_connection,  // of FROM POSTGRES CONNECTION c (..)
  load_generator,
  source,             // WITH of sources
  added_subsources,   // WITH of ALTER SOURCE .. ADD SUBSOURCE
  source_reference,   // of FROM SOURCE s (..)
  table_from_source,  // WITH of tables from sources
  table,
  materialized_view,
  index,
  cluster,
  cluster_replica,
  cluster_change,  // WITH of ALTER CLUSTER .. SET
  cluster_policy,  // in SCHEDULE = ON REFRESH (..) and the like
  altered,         // what ALTER kind SET (..) and RESET (..) take, clusters and connections aside
  subscribe,
  copy,
  fetch,
  explain,
};

enum class OptionShape {
  value,     // a literal, a name, a secret, or a list of them
  policy,    // words with options of their own
  replicas,  // (name (options), ..)
  endpoint,  // a name, perhaps with (options)
  missing,   // known to the dialect, not to Tailrace
};

struct KnownOption {
  std::string_view name;  // in upper case
  OptionShape shape = OptionShape::value;
  std::string_view synonym_of = {};
};

// All that can be read there: also what only other kinds of the same statement take, which is refused later.
std::span<const KnownOption> known_options(OptionListKind list);
// The names that make sense there, for errors.
std::vector<std::string_view> sensible_options(OptionListKind list);

}  // namespace tailrace::grammar::builder
