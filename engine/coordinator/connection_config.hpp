// From a connection in the catalog to what the replication is told, secrets included.
#pragma once

#include "engine/coordinator/coordinator.hpp"
#include "replication/postgres/config.hpp"

namespace tailrace::engine {

// The options of CREATE CONNECTION ... TO POSTGRES, checked and with secrets read. Throws the dialect's errors.
// Values of the result are secret: they go to the replication only.
replication::ConnectionConfig postgres_connection(Coordinator& coordinator,
                                                  const catalog::Catalog& catalog,
                                                  const catalog::NameScope& scope,
                                                  const std::vector<ast::Option>& options);

// Of a connection that the catalog has.
replication::ConnectionConfig postgres_connection(Coordinator& coordinator,
                                                  const catalog::Catalog& catalog,
                                                  const catalog::Item& connection);

// What a connection, and those it goes through, are set to: two that are equal lead to the same place in the same way.
// Names of objects are no part of it, nor are keys, which concern only sessions to come.
std::string connection_settings(const catalog::Catalog& catalog, catalog::ItemId connection);

// Throws 22023 for what is not the number of a port.
std::uint16_t port_of(std::int64_t number);

class OptionReader;

// The value of a secret that an option names. Throws SqlError 42809 if it names something else.
std::string read_secret(Coordinator& coordinator, const catalog::Catalog& catalog,
                        const catalog::NameScope& scope, const ast::ObjectName& name);
// Of an option that takes text or a secret.
std::optional<std::string> text_or_secret(Coordinator& coordinator, const catalog::Catalog& catalog,
                                          const catalog::NameScope& scope, OptionReader& options,
                                          std::string_view name);

// The secrets and connections that the options name, for dependencies; each name is replaced by its full one.
std::vector<ast::Option> qualify_options(const catalog::Catalog& catalog,
                                         const catalog::NameScope& scope,
                                         const std::vector<ast::Option>& options,
                                         std::vector<catalog::ItemId>& uses);

}  // namespace tailrace::engine
