// AWS Signature Version 4: proof that a request comes from the holder of a key, which is not sent.
#pragma once

#include <chrono>

#include "replication/aws/credentials.hpp"
#include "replication/aws/request.hpp"

namespace tailrace::replication::aws {

struct SigningScope {
  std::string region;
  std::string service;
  std::chrono::system_clock::time_point time;
};

// Adds x-amz-date, x-amz-security-token (if the credentials have one) and authorization to the headers. The signature
// covers all headers that are there, the host, the query and the body.
void sign(Request& request, const Credentials& credentials, const SigningScope& scope);

// Adds the signature to the query instead: the URL can be handed on and is good for this long.
void presign(Request& request, const Credentials& credentials, const SigningScope& scope,
             std::chrono::seconds valid);

}  // namespace tailrace::replication::aws
