// Names that the user wrote, matched against the publication (reference/postgres-source.md 1.2
// and 1.3).
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "replication/postgres/purification.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {

// A table of the publication that is to be ingested.
struct SelectedTable {
  std::size_t published = 0;               // index into the publication
  std::size_t reference = 0;               // index into the request's tables, if those select
  std::set<std::size_t> text_columns;      // indices into its columns
  std::set<std::size_t> excluded_columns;  // likewise
  std::set<Oid> excluded_keys;             // constraints
};

std::vector<SelectedTable> resolve_tables(const PurificationRequest& request,
                                          const std::vector<PublishedTable>& publication);

// Fills text_columns and excluded_columns.
void resolve_columns(const PurificationRequest& request,
                     const std::vector<PublishedTable>& publication,
                     std::vector<SelectedTable>& selected);
// Fills excluded_keys.
void resolve_constraints(const PurificationRequest& request,
                         const std::vector<PublishedTable>& publication,
                         std::vector<SelectedTable>& selected);

}  // namespace tailrace::replication
