#include "replication/aws/sts.hpp"

#include <absl/time/time.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <mutex>
#include <pugixml.hpp>

#include "replication/aws/token_file.hpp"

namespace tailrace::replication::aws {

namespace {

const QueryClient::Service sts{.name = "sts", .version = "2011-06-15"};

constexpr std::chrono::minutes life_left_min{5};

std::string text_of(const pugi::xml_document& document, const char* name) {
  const pugi::xml_node node =
      document.find_node([&](pugi::xml_node other) { return other.name() == std::string(name); });
  std::string text = node.child_value();
  if (text.empty()) {
    throw SqlError(sqlstate::connection_failure, fmt::format("AWS sent a reply without {}", name));
  }
  return text;
}

pugi::xml_document parse(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size()))
    throw SqlError(sqlstate::connection_failure, "AWS sent a reply that is not XML");
  return document;
}

// The keys in a reply, which is cleared.
Credentials keys_in(std::string& xml) {
  const pugi::xml_document document = parse(xml);
  OPENSSL_cleanse(xml.data(), xml.size());
  Credentials given;
  given.access_key_id = text_of(document, "AccessKeyId");
  given.secret_access_key = text_of(document, "SecretAccessKey");
  given.session_token = text_of(document, "SessionToken");
  absl::Time expires;
  if (!absl::ParseTime(absl::RFC3339_full, text_of(document, "Expiration"), &expires, nullptr))
    throw SqlError(sqlstate::connection_failure, "AWS sent an expiry that is no time");
  given.expires = absl::ToChronoTime(expires);
  return given;
}

class RoleCredentials final : public CredentialSource {
 public:
  RoleCredentials(std::shared_ptr<const QueryClient> client, std::string region, AssumedRole role)
      : client_(std::move(client)), region_(std::move(region)), role_(std::move(role)) {}

  Credentials get(CancelToken& cancel) override {
    std::lock_guard lock(mutex_);
    if (known_ && *known_->expires - life_left_min > std::chrono::system_clock::now())
      return *known_;
    Pairs parameters{{"RoleArn", role_.arn}, {"RoleSessionName", role_.session_name}};
    if (!role_.external_id.empty()) parameters.emplace_back("ExternalId", role_.external_id);
    std::string xml = client_->call(sts, region_, "AssumeRole", parameters, cancel);
    known_ = keys_in(xml);
    return *known_;
  }

  void forget() override {
    std::lock_guard lock(mutex_);
    known_.reset();
  }

 private:
  std::shared_ptr<const QueryClient> client_;
  std::string region_;
  AssumedRole role_;
  std::mutex mutex_;
  std::optional<Credentials> known_;
};

}  // namespace

std::string principal_of(const std::string& arn) {
  const std::size_t sts_part = arn.find(":sts::");
  const std::size_t role = arn.find(":assumed-role/");
  if (sts_part == std::string::npos || role == std::string::npos) return arn;
  const std::size_t name = role + std::string_view(":assumed-role/").size();
  const std::size_t account = sts_part + std::string_view(":sts::").size();
  return fmt::format("{}:iam::{}:role/{}", arn.substr(0, sts_part),
                     arn.substr(account, role - account),
                     arn.substr(name, arn.find('/', name) - name));
}

std::string caller_principal(const QueryClient& client, const std::string& region,
                             CancelToken& cancel) {
  return principal_of(
      text_of(parse(client.call(sts, region, "GetCallerIdentity", {}, cancel)), "Arn"));
}

std::string caller_principal(const QueryClient& client, const std::string& region,
                             CancelToken& cancel, CredentialSource& credentials) {
  return principal_of(text_of(
      parse(client.call(sts, region, "GetCallerIdentity", {}, cancel, credentials)), "Arn"));
}

std::shared_ptr<CredentialSource> assume_role(std::shared_ptr<const QueryClient> client,
                                              std::string region, AssumedRole role) {
  return std::make_shared<RoleCredentials>(std::move(client), std::move(region), std::move(role));
}

std::optional<Credentials> web_identity_credentials(const Variables& variables,
                                                    const std::string& endpoint_url,
                                                    const SendRequest& send, CancelToken& cancel) {
  const auto file = variables("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = variables("AWS_ROLE_ARN");
  if (!file) return std::nullopt;
  if (!role) {
    throw SqlError(sqlstate::invalid_authorization,
                   "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  }
  auto region = variables("AWS_REGION");
  if (!region) region = variables("AWS_DEFAULT_REGION");
  // The request is not signed: the token is what it is granted for.
  Request request;
  request.method = "POST";
  request.authority = region ? own_authority(sts.name, *region) : std::string("sts.amazonaws.com");
  if (!endpoint_url.empty())
    std::tie(request.scheme, request.authority) = split_endpoint(endpoint_url);
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body =
      form_encoded({{"Action", "AssumeRoleWithWebIdentity"},
                    {"Version", sts.version},
                    {"RoleArn", *role},
                    {"RoleSessionName", variables("AWS_ROLE_SESSION_NAME").value_or("tailrace")},
                    {"WebIdentityToken", read_token_file(*file)}});
  Reply reply = send(request, HttpLimits{}, cancel);
  OPENSSL_cleanse(request.body.data(), request.body.size());
  if (reply.status != 200) throw refusal("AssumeRoleWithWebIdentity", reply);
  return keys_in(reply.body);
}

}  // namespace tailrace::replication::aws
