#include "engine/coordinator/network_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/variables.hpp"

namespace tailrace::engine {

namespace {

std::string setting(const catalog::Catalog& catalog, std::string_view name) {
  return system_variable(catalog.system_variables(), name);
}

std::chrono::milliseconds duration(const catalog::Catalog& catalog, std::string_view name) {
  return std::chrono::milliseconds(as_milliseconds(setting(catalog, name)));
}

}  // namespace

replication::NetworkRules network_rules(const Coordinator& coordinator,
                                        const catalog::Catalog& catalog) {
  return {.known_hosts = coordinator.options().known_hosts,
          .external_only = as_boolean(setting(catalog, "storage_enforce_external_addresses"))};
}

void apply_network_settings(const Coordinator& coordinator, const catalog::Catalog& catalog,
                            replication::ConnectionConfig& config) {
  config.network = network_rules(coordinator, catalog);
  config.connect_timeout = duration(catalog, "pg_source_connect_timeout");
  config.tcp.keepalives_idle = duration(catalog, "pg_source_tcp_keepalives_idle");
  config.tcp.keepalives_interval = duration(catalog, "pg_source_tcp_keepalives_interval");
  config.tcp.keepalives_retries = as_integer(setting(catalog, "pg_source_tcp_keepalives_retries"));
  config.tcp.configure_server = as_boolean(setting(catalog, "pg_source_tcp_configure_server"));
  config.tcp.user_timeout = duration(catalog, "pg_source_tcp_user_timeout");
}

void apply_network_settings(const Coordinator& coordinator, const catalog::Catalog& catalog,
                            replication::ssh::TunnelConfig& config) {
  config.network = network_rules(coordinator, catalog);
  config.connect_timeout = duration(catalog, "ssh_connect_timeout");
  // A check asks a bastion that is silent whether it is alive.
  config.keepalive_idle =
      std::min(duration(catalog, "ssh_keepalives_idle"), duration(catalog, "ssh_check_interval"));
}

void check_object_limit(const catalog::Catalog& catalog, std::string_view limit,
                        std::string_view kind, bool (*counts)(const catalog::Item& item)) {
  const std::int64_t most = as_integer(setting(catalog, limit));
  const auto& items = catalog.items();
  const auto current = static_cast<std::int64_t>(std::count_if(
      items.begin(), items.end(), [&](const auto& entry) { return counts(*entry.second); }));
  if (current < most) return;
  throw SqlError(
      sqlstate::program_limit_exceeded,
      fmt::format("creating {} would violate {} limit (desired: {}, limit: {}, current: {})", kind,
                  limit, current + 1, most, current))
      .hint(fmt::format("Drop some, or ALTER SYSTEM SET {}.", limit));
}

}  // namespace tailrace::engine
