// What system settings and flags say of connections to other hosts.
#pragma once

#include "catalog/catalog.hpp"
#include "replication/postgres/config.hpp"
#include "replication/ssh/config.hpp"

namespace tailrace::engine {

class Coordinator;

replication::NetworkRules network_rules(const Coordinator& coordinator,
                                        const catalog::Catalog& catalog);
// The time limits, keepalives and rules that hold for sessions from now on.
void apply_network_settings(const Coordinator& coordinator, const catalog::Catalog& catalog,
                            replication::ConnectionConfig& config);
void apply_network_settings(const Coordinator& coordinator, const catalog::Catalog& catalog,
                            replication::ssh::TunnelConfig& config);

// Throws 54000 if one more of these objects were too many for the setting `limit`; `kind` is what the error calls them.
void check_object_limit(const catalog::Catalog& catalog, std::string_view limit,
                        std::string_view kind, bool (*counts)(const catalog::Item& item));

}  // namespace tailrace::engine
