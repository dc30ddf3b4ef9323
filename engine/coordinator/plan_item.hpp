// Plans of what a cluster maintains, made from the catalog.
#pragma once

#include "catalog/catalog.hpp"
#include "engine/cluster/cluster.hpp"

namespace tailrace::engine {

// Both throw what binding throws. Names in stored definitions are qualified: no session is needed.
PlanPtr plan_materialized_view(const catalog::Catalog& catalog, const catalog::Item& item);
IndexDescription plan_index(const catalog::Catalog& catalog, const catalog::Item& item);
// The key scalars of an index, over the columns of what it is on.
std::vector<ScalarPtr> index_key(const catalog::Catalog& catalog, const catalog::Item& index);

// Stored collections that an item reads, through views, each once.
std::vector<catalog::ItemId> stored_inputs(const catalog::Catalog& catalog,
                                           const catalog::Item& item);

}  // namespace tailrace::engine
