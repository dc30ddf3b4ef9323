// What must hold of tables before they are ingested: each check reports all its offenders in one
// error (reference/postgres-source.md 1.1, rows 12 to 15).
#pragma once

#include <vector>

#include "replication/postgres/references.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {

using SelectedTables = std::vector<const PublishedTable*>;

void check_privileges(const SelectedTables& tables);
void check_row_level_security(const SelectedTables& tables);
void check_row_filters(const SelectedTables& tables);
// Old rows must come from upstream (FULL), or be found here by a key that is ingested.
void check_replica_identity(const std::vector<PublishedTable>& publication,
                            const std::vector<SelectedTable>& selected);

// The exports, or the error that lists every column whose type cannot be ingested, with the option that would take them
// (`bare_columns`: naming them without their table).
std::vector<TableExport> make_exports(const std::vector<PublishedTable>& publication,
                                      const std::vector<SelectedTable>& selected,
                                      bool bare_columns);

}  // namespace tailrace::replication
