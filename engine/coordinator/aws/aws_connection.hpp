// CREATE CONNECTION ... TO AWS: keys, or a role to assume; and logging in to databases with them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/coordinator/coordinator.hpp"
#include "replication/postgres/config.hpp"

namespace tailrace::engine {

// What the options say, secrets read. Throws the dialect's errors.
struct AwsConnection {
  std::string endpoint;
  std::string region;
  // Either keys
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  // or a role.
  std::string role_arn;
  std::string role_session_name;
  std::string external_id;

  bool assumes_role() const { return !role_arn.empty(); }
};
AwsConnection read_aws_connection(Coordinator& coordinator, const catalog::Catalog& catalog,
                                  const catalog::NameScope& scope,
                                  const std::vector<ast::Option>& options);
AwsConnection read_aws_connection(Coordinator& coordinator, const catalog::Catalog& catalog,
                                  const catalog::Item& item);

// Of a connection that assumes a role: whom the role must trust. Asks AWS.
std::string principal_of(Coordinator& coordinator, const AwsConnection& connection,
                         CancelToken& cancel);
// Of a new connection: what tells it from all others, so that a role can be open to it alone.
std::string make_external_id(catalog::ItemId id);

// Asks AWS who we are; of a role also whether it refuses those without the external id. Throws SqlError.
void validate_aws_connection(Coordinator& coordinator, const AwsConnection& connection,
                             CancelToken& cancel);

// For ConnectionConfig::aws_login; and from its recipe, which holds secrets.
std::shared_ptr<const replication::AwsLogin> make_aws_login(Coordinator& coordinator,
                                                            const AwsConnection& connection);
std::shared_ptr<const replication::AwsLogin> make_aws_login(Coordinator& coordinator,
                                                            std::string_view recipe);

}  // namespace tailrace::engine
