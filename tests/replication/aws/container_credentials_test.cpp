// Keys from a container's agent and for a web identity's token.
#include "replication/aws/container_credentials.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "replication/aws/sts.hpp"
#include "repr/error.hpp"

using namespace tailrace;
using namespace tailrace::replication::aws;

namespace {

struct Surroundings {
  std::map<std::string, std::string> variables;
  std::filesystem::path token;

  Surroundings() {
    char name[] = "/tmp/tailrace-token-XXXXXX";
    ::close(::mkstemp(name));
    token = name;
    std::ofstream(token) << "  the-token\n";
  }
  ~Surroundings() { std::filesystem::remove(token); }

  Variables read() const {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  }
};

const std::string keys =
    R"({"RoleArn": "r", "AccessKeyId": "ASIA", "SecretAccessKey": "s", "Token": "t",
        "Expiration": "2999-01-01T00:00:00Z"})";

Reply no_network(const Request&, const HttpLimits&, CancelToken&) {
  FAIL("nothing must be asked over the network");
  return {};
}

}  // namespace

TEST_CASE("aws: a container's agent is asked where the environment says") {
  Surroundings here;
  CancelToken cancel;
  CHECK_FALSE(container_credentials(here.read(), no_network, cancel));
  std::vector<Request> asked;
  const SendRequest send = [&](const Request& request, const HttpLimits& limits, CancelToken&) {
    CHECK_FALSE(limits.through_proxy);
    asked.push_back(request);
    return Reply{200, keys};
  };
  here.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  here.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = here.token.string();
  CHECK(container_credentials(here.read(), send, cancel)->secret_access_key == "s");
  CHECK(asked.back().url() == "http://169.254.170.23/v1/credentials");
  CHECK(asked.back().headers == Pairs{{"authorization", "the-token"}});
  here.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/7";
  CHECK(container_credentials(here.read(), send, cancel)->session_token == "t");
  CHECK(asked.back().url() == "http://169.254.170.2/v2/credentials/7");
}

TEST_CASE("aws: a container's token is sent to no stranger in clear") {
  Surroundings here;
  CancelToken cancel;
  here.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "hush";
  for (const char* uri : {"http://192.0.2.1/x", "http://169.254.170.2.example/x",
                          "ftp://localhost/", "nonsense", "http://localhost@192.0.2.1/"}) {
    here.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = uri;
    CHECK_THROWS_AS(container_credentials(here.read(), no_network, cancel), SqlError);
  }
  here.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "https://agent.example/x";
  here.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "one\r\nx-more: header";
  CHECK_THROWS_AS(container_credentials(here.read(), no_network, cancel), SqlError);
}

TEST_CASE("aws: an agent that refuses is an error, and not passed over") {
  Surroundings here;
  CancelToken cancel;
  here.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  here.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  const SendRequest refuses = [](const Request&, const HttpLimits&, CancelToken&) {
    return Reply{403, "no"};
  };
  CHECK_THROWS_WITH(default_credentials(here.read(), refuses)->get(cancel),
                    "cannot get keys from the container's agent: it answers with status 403");
}

TEST_CASE("aws: a web identity's token becomes keys of its role") {
  Surroundings here;
  CancelToken cancel;
  CHECK_FALSE(web_identity_credentials(here.read(), "", no_network, cancel));
  here.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = here.token.string();
  CHECK_THROWS_AS(web_identity_credentials(here.read(), "", no_network, cancel), SqlError);
  here.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  here.variables["AWS_REGION"] = "eu-west-1";
  Request asked;
  const SendRequest send = [&](const Request& request, const HttpLimits&, CancelToken&) {
    asked = request;
    return Reply{200,
                 "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                 "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                 "<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>"
                 "</Credentials></AssumeRoleWithWebIdentityResult>"
                 "</AssumeRoleWithWebIdentityResponse>"};
  };
  CHECK(default_credentials(here.read(), send)->get(cancel).access_key_id == "ASIA");
  CHECK(asked.url() == "https://sts.eu-west-1.amazonaws.com/");
  CHECK(asked.body ==
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%"
        "2Fr&RoleSessionName=tailrace&WebIdentityToken=the-token");
  here.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/at/all";
  CHECK_THROWS_WITH(web_identity_credentials(here.read(), "", send, cancel),
                    "there is no token to read in \"/nowhere/at/all\"");
}

TEST_CASE("aws: only what names of regions are made of becomes part of a host's name") {
  CHECK(is_region("eu-west-1"));
  for (const char* text : {"", "evil.example/", "a.b", "eu-west-1@evil", "EU", "x:80", "eu west"})
    CHECK_FALSE(is_region(text));
}
