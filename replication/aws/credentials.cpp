#include "replication/aws/credentials.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <mutex>

#include "replication/aws/instance_metadata.hpp"
#include "replication/aws/profile.hpp"
#include "repr/error.hpp"

namespace tailrace::replication::aws {

namespace {

using std::chrono::system_clock;

// Keys with less life left than this are replaced.
constexpr std::chrono::minutes life_left_min{5};

bool is_fresh(const Credentials& credentials) {
  return !credentials.expires || *credentials.expires - life_left_min > system_clock::now();
}

bool is_alive(const Credentials& credentials) {
  return !credentials.expires || *credentials.expires > system_clock::now();
}

SqlError half_given(std::string_view where) {
  return SqlError(
      sqlstate::invalid_authorization,
      fmt::format("{} has only one of the access key id and the secret access key", where));
}

class FixedCredentials final : public CredentialSource {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Credentials get(CancelToken&) override { return credentials_; }

 private:
  Credentials credentials_;
};

class DefaultCredentials final : public CredentialSource {
 public:
  DefaultCredentials(Variables variables, SendRequest send)
      : variables_(std::move(variables)), metadata_(variables_, std::move(send)) {}

  Credentials get(CancelToken& cancel) override {
    if (auto given = of_environment()) return *std::move(given);
    if (auto given = of_profile()) return *std::move(given);
    if (auto given = of_instance(cancel)) return *std::move(given);
    throw SqlError(sqlstate::invalid_authorization, "no AWS credentials found")
        .detail(
            "Looked in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), in the shared "
            "credentials file (AWS_PROFILE) and at the instance metadata service.")
        .hint("Give the server one of them and try again.");
  }

  void forget() override {
    std::lock_guard lock(mutex_);
    of_role_.reset();
  }

 private:
  std::optional<Credentials> of_environment() const {
    const auto id = variables_("AWS_ACCESS_KEY_ID");
    const auto secret = variables_("AWS_SECRET_ACCESS_KEY");
    if (!id && !secret) return std::nullopt;
    if (!id || !secret) throw half_given("the environment");
    Credentials credentials;
    credentials.access_key_id = *id;
    credentials.secret_access_key = *secret;
    credentials.session_token = variables_("AWS_SESSION_TOKEN").value_or("");
    return credentials;
  }

  std::optional<Credentials> of_profile() const {
    const auto profile = read_profile(variables_);
    if (!profile) return std::nullopt;
    const std::string* id = profile->find("aws_access_key_id");
    const std::string* secret = profile->find("aws_secret_access_key");
    if (id == nullptr && secret == nullptr) {
      // A profile may hold a region alone; one that says how to log in otherwise must not be passed over.
      for (const char* way : {"role_arn", "sso_session", "sso_start_url", "credential_process"}) {
        if (profile->find(way) != nullptr)
          throw unsupported(fmt::format("{} of the AWS profile \"{}\"", way, profile->name));
      }
      return std::nullopt;
    }
    if (id == nullptr || secret == nullptr)
      throw half_given(fmt::format("the AWS profile \"{}\"", profile->name));
    Credentials credentials;
    credentials.access_key_id = *id;
    credentials.secret_access_key = *secret;
    if (const std::string* token = profile->find("aws_session_token"))
      credentials.session_token = *token;
    return credentials;
  }

  std::optional<Credentials> of_instance(CancelToken& cancel) {
    std::lock_guard lock(mutex_);
    if (of_role_ && is_fresh(*of_role_)) return of_role_;
    // When the service has a moment's trouble, what it gave before is used to its end.
    if (auto given = metadata_.role_credentials(cancel)) of_role_ = std::move(given);
    if (of_role_ && !is_alive(*of_role_)) of_role_.reset();
    return of_role_;
  }

  Variables variables_;
  InstanceMetadata metadata_;
  std::mutex mutex_;
  std::optional<Credentials> of_role_;
};

}  // namespace

Credentials::~Credentials() {
  OPENSSL_cleanse(secret_access_key.data(), secret_access_key.size());
  OPENSSL_cleanse(session_token.data(), session_token.size());
}

std::shared_ptr<CredentialSource> fixed_credentials(Credentials credentials) {
  return std::make_shared<FixedCredentials>(std::move(credentials));
}

Variables process_variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
  };
}

std::shared_ptr<CredentialSource> default_credentials(Variables variables, SendRequest send) {
  return std::make_shared<DefaultCredentials>(std::move(variables), std::move(send));
}

std::optional<std::string> default_region(const Variables& variables, const SendRequest& send,
                                          CancelToken& cancel) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const auto region = variables(name)) return region;
  }
  if (const auto profile = read_profile(variables)) {
    if (const std::string* region = profile->find("region")) return *region;
  }
  return InstanceMetadata(variables, send).region(cancel);
}

}  // namespace tailrace::replication::aws
