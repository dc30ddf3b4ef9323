#include "engine/coordinator/aws/aws_connection.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include "catalog/field_codec.hpp"
#include "engine/coordinator/aws/aws_context.hpp"
#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/network_settings.hpp"
#include "engine/coordinator/options.hpp"
#include "replication/aws/database_token.hpp"

namespace tailrace::engine {

namespace aws = replication::aws;

namespace {

SqlError invalid(std::string text) {
  return SqlError(sqlstate::invalid_parameter_value, "invalid CONNECTION: " + std::move(text));
}

std::string region_of(Coordinator& coordinator, const AwsConnection& connection,
                      CancelToken& cancel) {
  return connection.region.empty() ? coordinator.aws().region(cancel) : connection.region;
}

AwsContext::Endpoint endpoint_of(Coordinator& coordinator, const AwsConnection& connection) {
  return {.url = connection.endpoint,
          .external_only = network_rules(coordinator, *coordinator.catalog()).external_only};
}

std::shared_ptr<aws::CredentialSource> credentials_of(Coordinator& coordinator,
                                                      const AwsConnection& connection,
                                                      const std::string& region) {
  if (connection.assumes_role()) {
    return coordinator.aws().role(endpoint_of(coordinator, connection), region,
                                  {.arn = connection.role_arn,
                                   .session_name = connection.role_session_name,
                                   .external_id = connection.external_id});
  }
  aws::Credentials keys;
  keys.access_key_id = connection.access_key_id;
  keys.secret_access_key = connection.secret_access_key;
  keys.session_token = connection.session_token;
  return aws::fixed_credentials(std::move(keys));
}

// Whatever else AWS says, it is not that the role can be had.
bool refuses_without_external_id(Coordinator& coordinator, const AwsConnection& connection,
                                 const std::string& region, CancelToken& cancel) {
  const auto keys =
      aws::assume_role(coordinator.aws().client(endpoint_of(coordinator, connection)), region,
                       {.arn = connection.role_arn, .session_name = connection.role_session_name});
  try {
    keys->get(cancel);
    return false;
  } catch (const aws::AwsError& error) {
    if (error.code() == "AccessDenied") return true;
    throw;
  }
}

constexpr std::string AwsConnection::*recipe_fields[] = {
    &AwsConnection::endpoint,          &AwsConnection::region,        &AwsConnection::access_key_id,
    &AwsConnection::secret_access_key, &AwsConnection::session_token, &AwsConnection::role_arn,
    &AwsConnection::role_session_name, &AwsConnection::external_id};

}  // namespace

AwsConnection read_aws_connection(Coordinator& coordinator, const catalog::Catalog& catalog,
                                  const catalog::NameScope& scope,
                                  const std::vector<ast::Option>& given) {
  OptionReader options(given, "AWS connections");
  AwsConnection connection;
  connection.endpoint = options.text("ENDPOINT").value_or("");
  if (!connection.endpoint.empty()) aws::split_endpoint(connection.endpoint);  // or throws
  connection.region = options.text("REGION").value_or("");
  if (!aws::is_region(connection.region) && !connection.region.empty())
    throw invalid(fmt::format("\"{}\" is not an AWS region", connection.region));
  const bool keys = options.has("ACCESS KEY ID") || options.has("SECRET ACCESS KEY") ||
                    options.has("SESSION TOKEN");
  const bool role = options.has("ASSUME ROLE ARN") || options.has("ASSUME ROLE SESSION NAME");
  if (keys && role) throw invalid("cannot specify both credentials and a role to assume");
  if (!keys && !role) throw invalid("must specify either credentials or ASSUME ROLE ARN");
  if (role) {
    const auto arn = options.text("ASSUME ROLE ARN");
    if (!arn || arn->empty())
      throw invalid("ASSUME ROLE SESSION NAME option needs ASSUME ROLE ARN");
    connection.role_arn = *arn;
    connection.role_session_name = options.text("ASSUME ROLE SESSION NAME").value_or("tailrace");
  } else {
    const auto id = text_or_secret(coordinator, catalog, scope, options, "ACCESS KEY ID");
    if (!id || id->empty()) throw invalid("ACCESS KEY ID option is required");
    if (!options.has("SECRET ACCESS KEY")) throw invalid("SECRET ACCESS KEY option is required");
    connection.access_key_id = *id;
    connection.secret_access_key =
        read_secret(coordinator, catalog, scope, *options.secret("SECRET ACCESS KEY"));
    connection.session_token =
        text_or_secret(coordinator, catalog, scope, options, "SESSION TOKEN").value_or("");
  }
  options.finish();
  return connection;
}

AwsConnection read_aws_connection(Coordinator& coordinator, const catalog::Catalog& catalog,
                                  const catalog::Item& item) {
  const auto* connection = item.as<catalog::Connection>();
  if (connection == nullptr || connection->kind != catalog::Connection::Kind::aws) {
    throw SqlError(sqlstate::wrong_object_type,
                   fmt::format("{} is not an AWS connection", item.name));
  }
  AwsConnection read = read_aws_connection(coordinator, catalog, {}, connection->options);
  read.external_id = connection->external_id;
  return read;
}

std::string principal_of(Coordinator& coordinator, const AwsConnection& connection,
                         CancelToken& cancel) {
  const std::string region = region_of(coordinator, connection, cancel);
  return aws::caller_principal(*coordinator.aws().client(endpoint_of(coordinator, connection)),
                               region, cancel);
}

std::string make_external_id(catalog::ItemId id) {
  unsigned char bytes[8];
  ensure(RAND_bytes(bytes, sizeof bytes) == 1, "OpenSSL has random bytes");
  std::string prefix;
  for (const unsigned char byte : bytes) prefix += fmt::format("{:02x}", byte);
  return fmt::format("mz_{}_{}", prefix, id.to_string());
}

void validate_aws_connection(Coordinator& coordinator, const AwsConnection& connection,
                             CancelToken& cancel) {
  const std::string region = region_of(coordinator, connection, cancel);
  const auto credentials = credentials_of(coordinator, connection, region);
  // What was good a minute ago may have been revoked.
  credentials->forget();
  aws::caller_principal(*coordinator.aws().client(endpoint_of(coordinator, connection)), region,
                        cancel, *credentials);
  if (!connection.assumes_role()) return;
  if (refuses_without_external_id(coordinator, connection, region, cancel)) return;
  throw SqlError(sqlstate::object_not_in_prerequisite_state,
                 fmt::format("role \"{}\" can be assumed without the connection's external id",
                             connection.role_arn))
      .detail("Anybody who may use this installation could use the role.")
      .hint(
          "Make sts:ExternalId a condition of the role's trust policy, as "
          "mz_internal.mz_aws_connections.example_trust_policy shows.");
}

std::shared_ptr<const replication::AwsLogin> make_aws_login(Coordinator& coordinator,
                                                            const AwsConnection& connection) {
  auto login = std::make_shared<replication::AwsLogin>();
  // A region that only AWS's tools know is looked up when it is needed, and kept then.
  login->make_token = [&coordinator, connection](const aws::DatabaseUser& user,
                                                 CancelToken& cancel) {
    const std::string region = region_of(coordinator, connection, cancel);
    const auto credentials = credentials_of(coordinator, connection, region);
    return aws::database_token(user, region, credentials->get(cancel),
                               std::chrono::system_clock::now());
  };
  catalog::FieldWriter recipe;
  for (const auto field : recipe_fields) recipe.put(std::string_view(connection.*field));
  login->recipe = recipe.take();
  return login;
}

std::shared_ptr<const replication::AwsLogin> make_aws_login(Coordinator& coordinator,
                                                            std::string_view recipe) {
  catalog::FieldReader in(recipe);
  AwsConnection connection;
  for (const auto field : recipe_fields) connection.*field = in.text();
  return make_aws_login(coordinator, connection);
}

}  // namespace tailrace::engine
