#include "replication/aws/credentials.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <mutex>

#include "replication/aws/container_credentials.hpp"
#include "replication/aws/instance_metadata.hpp"
#include "replication/aws/profile.hpp"
#include "replication/aws/sts.hpp"
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
  DefaultCredentials(Variables variables, std::string endpoint_url, SendRequest send)
      : variables_(std::move(variables)),
        endpoint_url_(std::move(endpoint_url)),
        send_(std::move(send)),
        metadata_(variables_, send_) {}

  Credentials get(CancelToken& cancel) override {
    if (auto given = of_environment()) return *std::move(given);
    // Who names a token means it: files are passed over then, as AWS's own tools do.
    if (!variables_("AWS_WEB_IDENTITY_TOKEN_FILE")) {
      if (auto given = of_profile()) return *std::move(given);
    }
    if (auto given = of_service(cancel)) return *std::move(given);
    throw SqlError(sqlstate::invalid_authorization, "no AWS credentials found")
        .detail(
            "Looked in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_*_URI), in the shared "
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

  // Keys that are given out for a while.
  std::optional<Credentials> ask(CancelToken& cancel) const {
    if (auto given = web_identity_credentials(variables_, endpoint_url_, send_, cancel))
      return given;
    if (auto given = container_credentials(variables_, send_, cancel)) return given;
    return metadata_.role_credentials(cancel);
  }

  std::optional<Credentials> of_service(CancelToken& cancel) {
    std::lock_guard lock(mutex_);
    if (of_role_ && is_fresh(*of_role_)) return of_role_;
    // When the service has a moment's trouble, what it gave before is used to its end.
    if (of_role_ && !is_alive(*of_role_)) of_role_.reset();
    try {
      if (auto given = ask(cancel)) of_role_ = std::move(given);
    } catch (const SqlError&) {
      if (!of_role_ || cancel.cancelled()) throw;
    }
    if (of_role_ && !is_alive(*of_role_)) of_role_.reset();
    return of_role_;
  }

  Variables variables_;
  std::string endpoint_url_;
  SendRequest send_;
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

std::shared_ptr<CredentialSource> default_credentials(Variables variables, SendRequest send,
                                                      std::string endpoint_url) {
  return std::make_shared<DefaultCredentials>(std::move(variables), std::move(endpoint_url),
                                              std::move(send));
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
