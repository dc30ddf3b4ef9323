#include "engine/coordinator/aws/endpoint_path.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/coordinator/aws/endpoint_manager.hpp"
#include "engine/coordinator/aws/privatelink.hpp"
#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/options.hpp"

namespace tailrace::engine {

std::optional<EndpointPath> endpoint_path(const catalog::Catalog& catalog,
                                          const catalog::NameScope& scope,
                                          const std::vector<ast::Option>& given) {
  const auto option = std::find_if(given.begin(), given.end(), [](const ast::Option& one) {
    return one.name == "AWS PRIVATELINK";
  });
  if (option == given.end()) return std::nullopt;
  const auto* with =
      option->value ? std::get_if<ast::ObjectWithOptions>(&option->value->node) : nullptr;
  const auto* name = with            ? &with->name
                     : option->value ? std::get_if<ast::ObjectName>(&option->value->node)
                                     : nullptr;
  if (name == nullptr) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid AWS PRIVATELINK: expected the name of a connection")
        .position(option->position);
  }
  const catalog::Item& item = catalog.resolve_item(*name, scope);
  const auto* connection = item.as<catalog::Connection>();
  if (connection == nullptr || connection->kind != catalog::Connection::Kind::aws_privatelink) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not an AWS PRIVATELINK connection", item.name))
        .position(name->position);
  }
  EndpointPath path{.connection = item.id};
  if (with == nullptr) return path;
  OptionReader options(with->options, "AWS PRIVATELINK");
  if (const auto port = options.number("PORT")) {
    if (*port < 1 || *port > 65535) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("invalid PORT: {} is not a port", *port));
    }
    path.port = static_cast<std::uint16_t>(*port);
  }
  path.zone = options.text("AVAILABILITY ZONE").value_or("");
  if (options.has("AVAILABILITY ZONE") && !is_zone_id(path.zone)) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("invalid AWS PrivateLink availability zone \"{}\"", path.zone))
        .hint("Write the zone's id, such as use1-az1, and not its name, such as us-east-1a.");
  }
  options.finish();
  return path;
}

void go_through(Coordinator& coordinator, const EndpointPath& path,
                replication::ConnectionConfig& config) {
  config.endpoint_port = path.port;
  config.find_endpoint = [&coordinator, path] {
    return coordinator.endpoints().dns_name(path.connection, path.zone);
  };
}

}  // namespace tailrace::engine
