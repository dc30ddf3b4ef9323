#include "engine/coordinator/aws/new_aws_connection.hpp"

#include <algorithm>

#include "engine/coordinator/aws/aws_connection.hpp"
#include "engine/coordinator/aws/aws_context.hpp"
#include "engine/coordinator/aws/privatelink.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

AwsBeginnings begin_aws_connection(SessionState& session, catalog::Connection& connection,
                                   const std::vector<ast::Option>& options) {
  AwsBeginnings beginnings;
  Coordinator& coordinator = session.coordinator();
  if (connection.kind == catalog::Connection::Kind::aws_privatelink) {
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

void replace_endpoint(SessionState& session, const catalog::Item& altered,
                      const std::vector<ast::Option>& before, bool validate) {
  Coordinator& coordinator = session.coordinator();
  const auto& options = altered.as<catalog::Connection>()->options;
  // In full: what is not there any more is told also where nothing else has changed.
  EndpointRecord record =
      plan_privatelink(coordinator.aws(), options, session.cancel_token()).record;
  const auto same = [](const ast::Option& a, const ast::Option& b) {
    return grammar::print(a) == grammar::print(b);
  };
  if (std::is_permutation(options.begin(), options.end(), before.begin(), before.end(), same))
    return;
  if (validate) {
    throw SqlError(sqlstate::object_not_in_prerequisite_state,
                   "the connection's new endpoint cannot be validated before it exists")
        .hint("Alter it, let the other side accept it, and run VALIDATE CONNECTION.");
  }
  storage::RecordChange key = put_endpoint(altered.id, record);
  if (const auto stored = coordinator.store().read_record(key.space, key.key)) {
    const EndpointRecord present = decode_endpoint(*stored);
    record.generation = present.generation + 1;
    record.retired = present.retired;
    record.retired.push_back({present.token, present.region, present.endpoint_id});
  }
  session.ddl().add_record(put_endpoint(altered.id, record));
}

}  // namespace tailrace::engine
