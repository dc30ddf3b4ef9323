#include "replication/aws/container_credentials.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "replication/aws/instance_metadata.hpp"
#include "replication/aws/token_file.hpp"
#include "repr/error.hpp"

namespace tailrace::replication::aws {

namespace {

using namespace std::chrono_literals;

constexpr HttpLimits limits{.connect = 1000ms, .whole = 5000ms, .through_proxy = false};

// Of ECS, of EKS, and of this machine.
constexpr std::array<std::string_view, 6> trusted_hosts{
    "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1", "localhost", "[::1]"};

SqlError wrong(const std::string& why) {
  return SqlError(sqlstate::invalid_authorization,
                  "cannot get keys from the container's agent: " + why);
}

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

// Scheme, authority and path of what the environment names.
std::optional<Request> request_to_agent(const Variables& variables) {
  Request request;
  if (const auto relative = variables("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    request.scheme = "http";
    request.authority = trusted_hosts[0];
    request.path = *relative;
    if (!request.path.starts_with('/'))
      throw wrong("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path");
    return request;
  }
  const auto full = variables("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!full) return std::nullopt;
  const std::size_t separator = full->find("://");
  const std::size_t path =
      separator == std::string::npos ? std::string::npos : full->find('/', separator + 3);
  std::tie(request.scheme, request.authority) = split_endpoint(full->substr(0, path));
  if (path != std::string::npos) request.path = full->substr(path);
  const bool trusted = std::find(trusted_hosts.begin(), trusted_hosts.end(),
                                 host_of(request.authority)) != trusted_hosts.end();
  if (request.scheme != "https" && !trusted) {
    throw wrong(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or an address of ECS, EKS or this "
        "machine");
  }
  return request;
}

}  // namespace

std::optional<Credentials> container_credentials(const Variables& variables,
                                                 const SendRequest& send, CancelToken& cancel) {
  auto request = request_to_agent(variables);
  if (!request) return std::nullopt;
  if (const auto question = request->path.find('?'); question != std::string::npos)
    throw wrong("its URI has a query");
  auto token = variables("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const auto file = variables("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
    token = read_token_file(*file);
  if (token) {
    if (token->find_first_of("\r\n") != std::string::npos)
      throw wrong("its authorization token has several lines");
    request->headers = {{"authorization", *token}};
  }
  Reply reply = send(*request, limits, cancel);
  if (reply.status != 200) throw wrong(fmt::format("it answers with status {}", reply.status));
  Credentials credentials = parse_container_credentials(reply.body);
  OPENSSL_cleanse(reply.body.data(), reply.body.size());
  return credentials;
}

}  // namespace tailrace::replication::aws
