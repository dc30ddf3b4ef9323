// Keys to AWS, and where they come from.
//
// Secret values are cleared when they go, and are part of no error and no log.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "replication/aws/http_client.hpp"
#include "repr/cancel.hpp"

namespace tailrace::replication::aws {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: none
  std::optional<std::chrono::system_clock::time_point> expires;

  Credentials() = default;
  Credentials(const Credentials&) = default;
  Credentials(Credentials&&) = default;
  Credentials& operator=(const Credentials&) = default;
  Credentials& operator=(Credentials&&) = default;
  ~Credentials();
};

// Thread-safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Keys that are good for some minutes more. Throws SqlError 28000 that says where keys were looked for.
  virtual Credentials get(CancelToken& cancel) = 0;
  // AWS said that the keys have expired: the next `get` asks anew.
  virtual void forget() {}
};

// Always the same.
std::shared_ptr<CredentialSource> fixed_credentials(Credentials credentials);

// One variable of the process's environment.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;
Variables process_variables();

// As AWS's own tools look: AWS_ACCESS_KEY_ID and its companions, a web identity's token, the profile AWS_PROFILE of the
// shared files, the container's agent, the instance's role. Variables and files are read at every `get`, so that
// rotated keys count at once. `endpoint_url`: where AWS is called; empty: its own.
std::shared_ptr<CredentialSource> default_credentials(Variables variables, SendRequest send,
                                                      std::string endpoint_url = "");

// AWS_REGION, AWS_DEFAULT_REGION, the profile's region, the instance's. nullopt: none of them knows.
std::optional<std::string> default_region(const Variables& variables, const SendRequest& send,
                                          CancelToken& cancel);

}  // namespace tailrace::replication::aws
