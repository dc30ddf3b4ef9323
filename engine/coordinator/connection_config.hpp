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

// The secrets and connections that the options name, for dependencies; each name is replaced by its full one.
std::vector<ast::Option> qualify_options(const catalog::Catalog& catalog,
                                         const catalog::NameScope& scope,
                                         const std::vector<ast::Option>& options,
                                         std::vector<catalog::ItemId>& uses);

}  // namespace tailrace::engine
