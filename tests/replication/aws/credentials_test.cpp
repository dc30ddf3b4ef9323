#include "replication/aws/credentials.hpp"

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "replication/aws/instance_metadata.hpp"
#include "replication/aws/profile.hpp"

using namespace tailrace;
using namespace tailrace::replication::aws;

namespace {

// An environment, and a folder for the shared files.
struct Surroundings {
  std::map<std::string, std::string> variables;
  std::filesystem::path folder;

  Surroundings() {
    char name[] = "/tmp/tailrace-aws-XXXXXX";
    folder = ::mkdtemp(name);
    variables["AWS_SHARED_CREDENTIALS_FILE"] = (folder / "credentials").string();
    variables["AWS_CONFIG_FILE"] = (folder / "config").string();
    variables["AWS_EC2_METADATA_DISABLED"] = "true";
  }
  ~Surroundings() { std::filesystem::remove_all(folder); }

  void write(const std::string& file, const std::string& text) const {
    std::ofstream(folder / file) << text;
  }
  Variables read() const {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  }
};

Reply no_network(const Request&, const HttpLimits&, CancelToken&) {
  FAIL("nothing must be asked over the network");
  return {};
}

// The metadata service of an instance with a role.
struct FakeInstance {
  int keys_given = 0;
  bool answers = true;
  std::string expiration = "2999-01-01T00:00:00Z";

  Reply operator()(const Request& request, const HttpLimits& limits, CancelToken&) {
    CHECK(request.authority == "169.254.169.254");
    CHECK_FALSE(limits.through_proxy);
    if (!answers) throw SqlError(sqlstate::connection_failure, "cannot reach the instance");
    if (request.path == "/latest/api/token") {
      CHECK(request.method == "PUT");
      return {200, "session"};
    }
    if (request.headers != Pairs{{"x-aws-ec2-metadata-token", "session"}}) return {401, ""};
    if (request.path == "/latest/meta-data/placement/region") return {200, "eu-north-1"};
    if (request.path == "/latest/meta-data/iam/security-credentials/") return {200, "the-role\n"};
    if (request.path != "/latest/meta-data/iam/security-credentials/the-role") return {404, ""};
    return {200, fmt::format(R"({{"Code": "Success", "AccessKeyId": "ASIA{}",
                                  "SecretAccessKey": "s", "Token": "t", "Expiration": "{}"}})",
                             ++keys_given, expiration)};
  }
};

}  // namespace

TEST_CASE("aws: keys come from the environment before the shared files") {
  Surroundings here;
  here.write("credentials", "[default]\naws_access_key_id = FILE\naws_secret_access_key = f\n");
  CancelToken cancel;
  const auto source = default_credentials(here.read(), no_network);
  CHECK(source->get(cancel).access_key_id == "FILE");
  here.variables["AWS_ACCESS_KEY_ID"] = "ENV";
  CHECK_THROWS_WITH(source->get(cancel),
                    "the environment has only one of the access key id and "
                    "the secret access key");
  here.variables["AWS_SECRET_ACCESS_KEY"] = "e";
  here.variables["AWS_SESSION_TOKEN"] = "t";
  const Credentials found = source->get(cancel);
  CHECK(found.access_key_id == "ENV");
  CHECK(found.secret_access_key == "e");
  CHECK(found.session_token == "t");
}

TEST_CASE("aws: profiles of the shared files") {
  Surroundings here;
  here.write(
      "credentials",
      "# a comment\n[default]\naws_access_key_id=A\naws_secret_access_key=a=b\n\n"
      "[ other ]\r\naws_access_key_id = B\r\naws_secret_access_key = b\r\n"
      "aws_session_token = tok\r\ns3 =\n  region = not-this\n[half]\naws_access_key_id = C\n");
  here.write("config",
             "[default]\nregion = eu-west-1\n[profile other]\nregion = us-east-2\n"
             "aws_access_key_id = not-this\n[profile sso]\nsso_session = x\n");
  CancelToken cancel;
  const auto source = default_credentials(here.read(), no_network);
  CHECK(source->get(cancel).secret_access_key == "a=b");
  CHECK(default_region(here.read(), no_network, cancel) == "eu-west-1");
  here.variables["AWS_PROFILE"] = "other";
  CHECK(source->get(cancel).access_key_id == "B");
  CHECK(source->get(cancel).session_token == "tok");
  CHECK(default_region(here.read(), no_network, cancel) == "us-east-2");
  here.variables["AWS_REGION"] = "ap-south-1";
  CHECK(default_region(here.read(), no_network, cancel) == "ap-south-1");
  here.variables["AWS_PROFILE"] = "half";
  CHECK_THROWS_AS(source->get(cancel), SqlError);
  here.variables["AWS_PROFILE"] = "sso";
  CHECK_THROWS_WITH(source->get(cancel), "sso_session of the AWS profile \"sso\" is not supported");
  here.variables["AWS_PROFILE"] = "none";
  CHECK_THROWS_WITH(source->get(cancel), "the AWS profile \"none\" does not exist");
}

TEST_CASE("aws: without keys the error says where they were looked for") {
  Surroundings here;
  CancelToken cancel;
  try {
    default_credentials(here.read(), no_network)->get(cancel);
    FAIL("no error");
  } catch (const SqlError& error) {
    CHECK(error.message() == "no AWS credentials found");
    CHECK(error.detail().find("AWS_ACCESS_KEY_ID") != std::string::npos);
  }
}

TEST_CASE("aws: an instance's keys are kept, and renewed before they expire") {
  Surroundings here;
  here.variables.erase("AWS_EC2_METADATA_DISABLED");
  auto instance = std::make_shared<FakeInstance>();
  const SendRequest send = [instance](const Request& request, const HttpLimits& limits,
                                      CancelToken& cancel) {
    return (*instance)(request, limits, cancel);
  };
  CancelToken cancel;
  const auto source = default_credentials(here.read(), send);
  CHECK(source->get(cancel).access_key_id == "ASIA1");
  CHECK(source->get(cancel).session_token == "t");
  CHECK(source->get(cancel).access_key_id == "ASIA1");
  CHECK(default_region(here.read(), send, cancel) == "eu-north-1");

  SUBCASE("when AWS says that they expired") {
    source->forget();
    CHECK(source->get(cancel).access_key_id == "ASIA2");
  }
  SUBCASE("when their time is nearly over") {
    instance->expiration =
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now() + absl::Minutes(2), absl::UTCTimeZone());
    source->forget();
    CHECK(source->get(cancel).access_key_id == "ASIA2");
    CHECK(source->get(cancel).access_key_id == "ASIA3");
    // With the service in trouble the old ones serve while they live.
    instance->answers = false;
    CHECK(source->get(cancel).access_key_id == "ASIA3");
  }
  SUBCASE("keys that are dead are not used") {
    instance->expiration = "2001-01-01T00:00:00Z";
    source->forget();
    CHECK_THROWS_WITH(source->get(cancel), "no AWS credentials found");
  }
}

TEST_CASE("aws: damaged credentials of an instance are an error that does not quote them") {
  for (const char* json : {"", "{", "[]", R"({"Code": "Success", "AccessKeyId": 7})",
                           R"({"Code": "Success", "AccessKeyId": "a", "SecretAccessKey": "hush",
                               "Token": "t", "Expiration": "soon"})"}) {
    CAPTURE(json);
    try {
      parse_role_credentials(json);
      FAIL("no error");
    } catch (const SqlError& error) {
      CHECK(error.message().find("hush") == std::string::npos);
    }
  }
}
