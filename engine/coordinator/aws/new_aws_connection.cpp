#include "engine/coordinator/aws/new_aws_connection.hpp"

#include <fmt/format.h>

#include "engine/coordinator/aws/aws_connection.hpp"
#include "engine/coordinator/aws/aws_context.hpp"
#include "engine/coordinator/aws/privatelink.hpp"
#include "engine/coordinator/variables.hpp"

namespace tailrace::engine {

namespace {

void check_privatelink_limit(const catalog::Catalog& catalog) {
  const Variable* variable = find_variable("max_aws_privatelink_connections");
  ensure(variable != nullptr, "the limit is a variable");
  const auto set = catalog.system_variables().find(std::string(variable->name));
  const std::int64_t limit = as_integer(
      set == catalog.system_variables().end() ? std::string(variable->initial) : set->second);
  std::int64_t current = 0;
  for (const auto& [id, item] : catalog.items()) {
    const auto* connection = item->as<catalog::Connection>();
    if (connection && connection->kind == catalog::Connection::Kind::aws_privatelink) ++current;
  }
  if (current < limit) return;
  throw SqlError(sqlstate::program_limit_exceeded,
                 "creating AWS PrivateLink Connection would violate "
                 "max_aws_privatelink_connections limit")
      .detail(fmt::format("There are {}, and the limit is {}.", current, limit));
}

}  // namespace

AwsBeginnings begin_aws_connection(SessionState& session, catalog::Connection& connection,
                                   const std::vector<ast::Option>& options) {
  AwsBeginnings beginnings;
  Coordinator& coordinator = session.coordinator();
  if (connection.kind == catalog::Connection::Kind::aws_privatelink) {
    check_privatelink_limit(session.catalog());
    PrivateLinkPlan plan = plan_privatelink(coordinator.aws(), options, session.cancel_token());
    connection.principal = std::move(plan.principal);
    beginnings.endpoint = std::move(plan.record);
  } else if (connection.kind == catalog::Connection::Kind::aws) {
    const AwsConnection read =
        read_aws_connection(coordinator, session.catalog(), session.scope(), options);
    beginnings.assumes_role = read.assumes_role();
    if (beginnings.assumes_role)
      connection.principal = principal_of(coordinator, read, session.cancel_token());
  }
  return beginnings;
}

}  // namespace tailrace::engine
