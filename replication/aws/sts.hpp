// The Security Token Service: who are we, and keys of another role.
#pragma once

#include <memory>
#include <string>

#include "replication/aws/query_client.hpp"

namespace tailrace::replication::aws {

// The ARN of whoever the keys belong to, as others must name it to allow it something: for keys of an assumed role the
// role's. (A role's path is not part of what STS tells.)
std::string caller_principal(const QueryClient& client, const std::string& region,
                             CancelToken& cancel);
std::string caller_principal(const QueryClient& client, const std::string& region,
                             CancelToken& cancel, CredentialSource& credentials);
// arn:aws:sts::1:assumed-role/R/session -> arn:aws:iam::1:role/R; others as they are.
std::string principal_of(const std::string& caller_arn);

struct AssumedRole {
  std::string arn;
  std::string session_name;
  std::string external_id;  // empty: none
};
// Keys of the role, got by the client's own ones and renewed before they expire.
std::shared_ptr<CredentialSource> assume_role(std::shared_ptr<const QueryClient> client,
                                              std::string region, AssumedRole role);

// Keys of the role AWS_ROLE_ARN, for the token in AWS_WEB_IDENTITY_TOKEN_FILE (EKS, and others that issue such tokens).
// nullopt: no such file is named. `endpoint_url`: of AWS, empty: its own.
std::optional<Credentials> web_identity_credentials(const Variables& variables,
                                                    const std::string& endpoint_url,
                                                    const SendRequest& send, CancelToken& cancel);

}  // namespace tailrace::replication::aws
