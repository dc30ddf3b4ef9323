// What the catalog-fed builtin tables contain: all of it, or what changes between two catalogs.
#pragma once

#include <vector>

#include "catalog/builtin/relation.hpp"
#include "storage/store.hpp"

namespace tailrace::catalog {

// O(objects) pointer comparisons, then O(changed objects).
std::vector<storage::CollectionDelta> builtin_changes(const Catalog& before, const Catalog& after);

Batch builtin_contents(const BuiltinTable& table, const Catalog& catalog);

}  // namespace tailrace::catalog
