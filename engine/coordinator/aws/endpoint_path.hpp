// The way to a database through a PrivateLink endpoint: AWS PRIVATELINK c (PORT 5432, AVAILABILITY ZONE 'use1-az1').
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/catalog.hpp"
#include "replication/postgres/config.hpp"

namespace tailrace::engine {

class Coordinator;

struct EndpointPath {
  catalog::ItemId connection;
  std::optional<std::uint16_t> port;  // of the endpoint; none: the database's
  std::string zone;                   // empty: whichever DNS picks
};

// Of the options of a connection; nullopt: it goes another way. Throws the dialect's errors.
std::optional<EndpointPath> endpoint_path(const catalog::Catalog& catalog,
                                          const catalog::NameScope& scope,
                                          const std::vector<ast::Option>& options);

// Makes each attempt to connect ask where the endpoint is then.
void go_through(Coordinator& coordinator, const EndpointPath& path,
                replication::ConnectionConfig& config);

}  // namespace tailrace::engine
