// CREATE CONNECTION to AWS and to AWS PRIVATELINK: what must be asked of AWS before the connection has an id.
#pragma once

#include <optional>
#include <vector>

#include "engine/coordinator/aws/endpoint_record.hpp"
#include "engine/coordinator/session_state.hpp"

namespace tailrace::engine {

struct AwsBeginnings {
  std::optional<EndpointRecord> endpoint;  // of a PrivateLink connection
  bool assumes_role = false;               // an AWS connection that needs an external id
};

// Checks the options and sets the principal. Does nothing for connections of other kinds. Throws the dialect's errors,
// and what AWS refuses.
AwsBeginnings begin_aws_connection(SessionState& session, catalog::Connection& connection,
                                   const std::vector<ast::Option>& options);

// The altered PrivateLink connection gets another endpoint, and its present one is to go, unless it asks for the same as
// `before`. Throws the dialect's errors, and what AWS refuses.
void replace_endpoint(SessionState& session, const catalog::Item& altered,
                      const std::vector<ast::Option>& before, bool validate);

}  // namespace tailrace::engine
