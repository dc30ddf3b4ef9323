// What system settings say of sources.
#pragma once

#include <vector>

#include "catalog/catalog.hpp"
#include "grammar/ast/option.hpp"
#include "replication/postgres/config.hpp"

namespace tailrace::engine {

// What running sources ask for from time to time.
replication::SourceSettings source_settings(const catalog::Catalog& catalog);

// TIMESTAMP INTERVAL among these options: throws 22023 outside min_timestamp_interval and max_timestamp_interval.
void check_timestamp_interval(const catalog::Catalog& catalog,
                              const std::vector<ast::Option>& given);

// enable_create_table_from_source, force_source_table_syntax.
bool tables_from_sources_allowed(const catalog::Catalog& catalog);
bool only_tables_from_sources(const catalog::Catalog& catalog);
// enable_exclude_constraints_option
bool excluded_constraints_allowed(const catalog::Catalog& catalog);

}  // namespace tailrace::engine
