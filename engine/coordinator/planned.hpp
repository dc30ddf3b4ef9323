// A statement planned against one version of the catalog: what PreparedStatement::plan points at.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/binder/binder.hpp"
#include "engine/cluster/cluster.hpp"

namespace tailrace::engine {

// An index that may answer the query by lookup.
struct LookupCandidate {
  DataflowId index;
  std::vector<ScalarPtr> key;  // over the columns of what it is on
};

struct PlannedSelect {
  BoundQuery query;                      // `plan` optimized
  std::vector<catalog::ItemId> reads;    // stored items and kept views
  std::vector<catalog::ItemId> named;    // what the query names itself
  std::vector<LookupCandidate> lookups;  // if the plan is map/filter/project over one relation
  storage::CollectionId lookup_on;
  mutable bool is_readable = false;  // found once: all it reads has had its first snapshot
  bool catalog_only = false;         // reads builtin relations alone: needs no cluster
  std::optional<ast::AsOf> as_of;
};

struct Planned {
  std::uint64_t catalog_version = 0;
  std::string cluster;                // the session's, when it was planned
  catalog::NameScope scope;           // likewise
  std::uint64_t indexes_version = 0;  // of that cluster
  std::vector<Type> parameters;
  std::optional<Schema> columns;
  std::shared_ptr<const PlannedSelect> select;  // of SELECT, SHOW, COPY (query)
  // Found once for this version of the catalog: the session's role may run `select`.
  mutable bool permitted = false;
};

}  // namespace tailrace::engine
