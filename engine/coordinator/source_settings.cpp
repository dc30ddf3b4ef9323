#include "engine/coordinator/source_settings.hpp"

#include <fmt/format.h>

#include "engine/coordinator/options.hpp"
#include "engine/coordinator/variables.hpp"

namespace tailrace::engine {

namespace {

std::string setting(const catalog::Catalog& catalog, std::string_view name) {
  return system_variable(catalog.system_variables(), name);
}

std::chrono::milliseconds duration(const catalog::Catalog& catalog, std::string_view name) {
  return std::chrono::milliseconds(as_milliseconds(setting(catalog, name)));
}

bool is_on(const catalog::Catalog& catalog, std::string_view name) {
  return as_boolean(setting(catalog, name));
}

std::string printed(std::chrono::milliseconds interval) {
  if (interval < std::chrono::seconds(1)) return fmt::format("{}ms", interval.count());
  return fmt::format("{}s", static_cast<double>(interval.count()) / 1000);
}

}  // namespace

replication::SourceSettings source_settings(const catalog::Catalog& catalog) {
  replication::SourceSettings settings;
  settings.snapshot_statement_timeout = duration(catalog, "pg_source_snapshot_statement_timeout");
  if (!setting(catalog, "pg_source_wal_sender_timeout").empty())
    settings.wal_sender_timeout = duration(catalog, "pg_source_wal_sender_timeout");
  settings.validation_interval = duration(catalog, "pg_schema_validation_interval");
  settings.validate_timeline = is_on(catalog, "pg_source_validate_timeline");
  return settings;
}

void check_timestamp_interval(const catalog::Catalog& catalog,
                              const std::vector<ast::Option>& given) {
  OptionReader options(given, "sources");
  const std::optional<std::uint64_t> said = options.milliseconds("TIMESTAMP INTERVAL");
  if (!said) return;
  const std::chrono::milliseconds interval(*said);
  const auto least = duration(catalog, "min_timestamp_interval");
  const auto most = duration(catalog, "max_timestamp_interval");
  if (interval >= least && interval <= most) return;
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("invalid timestamp interval of {}, must be in the range [{}, {}]",
                             printed(interval), printed(least), printed(most)));
}

bool tables_from_sources_allowed(const catalog::Catalog& catalog) {
  return is_on(catalog, "enable_create_table_from_source");
}

bool only_tables_from_sources(const catalog::Catalog& catalog) {
  return is_on(catalog, "force_source_table_syntax");
}

bool excluded_constraints_allowed(const catalog::Catalog& catalog) {
  return is_on(catalog, "enable_exclude_constraints_option");
}

}  // namespace tailrace::engine
