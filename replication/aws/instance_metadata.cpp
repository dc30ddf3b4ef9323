#include "replication/aws/instance_metadata.hpp"

#include <absl/time/time.h>
#include <openssl/crypto.h>
#include <simdjson.h>

#include "repr/error.hpp"

namespace tailrace::replication::aws {

namespace {

using namespace std::chrono_literals;

// The service is on the machine itself: what does not answer soon is not there.
constexpr HttpLimits limits{.connect = 1000ms, .whole = 3000ms, .through_proxy = false};

SqlError damaged() {
  return SqlError(sqlstate::data_corrupted,
                  "the service that gives out AWS credentials sent what cannot be read");
}

}  // namespace

InstanceMetadata::InstanceMetadata(const Variables& variables, SendRequest send)
    : endpoint_(variables("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254")),
      disabled_(variables("AWS_EC2_METADATA_DISABLED") == "true"),
      send_(std::move(send)) {}

// nullopt: not there. A session token is asked for each time: it guards against requests that others make us send.
std::optional<std::string> InstanceMetadata::get(const std::string& path,
                                                 CancelToken& cancel) const {
  if (disabled_) return std::nullopt;
  Request request;
  std::tie(request.scheme, request.authority) = split_endpoint(endpoint_);
  request.method = "PUT";
  request.path = "/latest/api/token";
  request.headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "60"}};
  try {
    const Reply token = send_(request, limits, cancel);
    if (token.status != 200) return std::nullopt;
    request.method = "GET";
    request.path = path;
    request.headers = {{"x-aws-ec2-metadata-token", token.body}};
    Reply reply = send_(request, limits, cancel);
    if (reply.status != 200) return std::nullopt;
    return std::move(reply.body);
  } catch (const SqlError& error) {
    if (error.state() == sqlstate::connection_failure) return std::nullopt;
    throw;
  }
}

std::optional<Credentials> InstanceMetadata::role_credentials(CancelToken& cancel) const {
  const std::string folder = "/latest/meta-data/iam/security-credentials/";
  auto role = get(folder, cancel);
  if (!role || role->empty()) return std::nullopt;
  role->resize(std::min(role->find('\n'), role->size()));
  auto json = get(folder + *role, cancel);
  if (!json) return std::nullopt;
  Credentials credentials = parse_role_credentials(*json);
  OPENSSL_cleanse(json->data(), json->size());
  return credentials;
}

std::optional<std::string> InstanceMetadata::region(CancelToken& cancel) const {
  return get("/latest/meta-data/placement/region", cancel);
}

namespace {

Credentials parse_credentials(const std::string& json, bool has_code) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (parser.parse(json).get(document) != simdjson::SUCCESS) throw damaged();
  const auto text = [&](const char* name) {
    std::string_view value;
    if (document[name].get(value) != simdjson::SUCCESS || value.empty()) throw damaged();
    return std::string(value);
  };
  if (has_code && text("Code") != "Success") {
    throw SqlError(sqlstate::invalid_authorization,
                   "the instance metadata service has no credentials for the instance's role")
        .hint("Check the instance profile and its role.");
  }
  Credentials credentials;
  credentials.access_key_id = text("AccessKeyId");
  credentials.secret_access_key = text("SecretAccessKey");
  credentials.session_token = text("Token");
  absl::Time expires;
  if (!absl::ParseTime(absl::RFC3339_full, text("Expiration"), &expires, nullptr)) throw damaged();
  credentials.expires = absl::ToChronoTime(expires);
  return credentials;
}

}  // namespace

Credentials parse_role_credentials(const std::string& json) {
  return parse_credentials(json, true);
}

Credentials parse_container_credentials(const std::string& json) {
  return parse_credentials(json, false);
}

}  // namespace tailrace::replication::aws
