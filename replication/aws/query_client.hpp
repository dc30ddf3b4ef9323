// Calls of AWS's query protocol (EC2, STS): a signed form is posted, XML comes back.
//
// What can pass (throttling, a server's error, no reply) is tried again a few times with growing, random pauses. Every
// call made through here must be safe to repeat. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "replication/aws/credentials.hpp"
#include "repr/error.hpp"

namespace tailrace::replication::aws {

// AWS's refusal. The code is for programs ("UnauthorizedOperation"), the message for people.
class AwsError : public SqlError {
 public:
  AwsError(std::string action, std::string code, const std::string& text, int http_status);
  const std::string& code() const { return code_; }
  int http_status() const { return http_status_; }

 private:
  std::string code_;
  int http_status_;
};

// What a reply other than 200 says.
AwsError refusal(const std::string& action, const Reply& reply);
// The host of a service in a region.
std::string own_authority(const std::string& service, const std::string& region);

struct ClientOptions {
  std::string endpoint_url;  // empty: AWS's own for the region
  std::shared_ptr<CredentialSource> credentials;
  bool external_only = false;  // the endpoint may have no private address
  SendRequest send = send_http;
  // The first pause; each later one is up to twice as long.
  std::chrono::milliseconds pause{200};
};

class QueryClient {
 public:
  explicit QueryClient(ClientOptions options) : options_(std::move(options)) {}

  struct Service {
    std::string name;     // "ec2", also in the host's name
    std::string version;  // "2016-11-15"
  };
  // The reply's XML. Throws AwsError, SqlError 08006 when nobody answers, or what `cancel` says.
  std::string call(const Service& service, const std::string& region, const std::string& action,
                   const Pairs& parameters, CancelToken& cancel) const;
  // With other keys than the client's own.
  std::string call(const Service& service, const std::string& region, const std::string& action,
                   const Pairs& parameters, CancelToken& cancel,
                   CredentialSource& credentials) const;

 private:
  Reply attempt(const Service& service, const std::string& region, const std::string& body,
                CredentialSource& credentials, CancelToken& cancel) const;

  ClientOptions options_;
};

}  // namespace tailrace::replication::aws
