// Opens the catalog of a store: reads its records, brings builtin relations up to date; in a fresh
// store makes what every environment begins with (database materialize, schema public, roles,
// clusters).
#pragma once

#include "catalog/catalog.hpp"
#include "storage/store.hpp"

namespace tailrace::catalog {

struct LoadOptions {
  std::string default_cluster_size = "25cc";
};

// Commits what it had to add or mend. Throws SqlError (XX001, 0A000) naming the record that cannot
// be read.
CatalogPtr load_catalog(storage::Store& store, const LoadOptions& options);

}  // namespace tailrace::catalog
