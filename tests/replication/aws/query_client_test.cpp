// Calls, errors and retries, with replies like EC2's and STS's instead of a network.
#include "replication/aws/query_client.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "replication/aws/ec2.hpp"
#include "replication/aws/sts.hpp"

using namespace tailrace;
using namespace tailrace::replication::aws;

namespace {

constexpr auto throttled =
    R"(<?xml version="1.0"?><Response><Errors><Error><Code>RequestLimitExceeded</Code>)"
    R"(<Message>slow down</Message></Error></Errors></Response>)";

// Answers with what is in the queue, and keeps what it was asked.
struct FakeAws {
  std::deque<Reply> replies;
  std::vector<Request> asked;

  std::shared_ptr<QueryClient> client(std::string endpoint = "") {
    Credentials keys;
    keys.access_key_id = "AKID";
    keys.secret_access_key = "hush-hush";
    ClientOptions options;
    options.endpoint_url = std::move(endpoint);
    options.credentials = fixed_credentials(std::move(keys));
    options.pause = std::chrono::milliseconds(1);
    options.send = [this](const Request& request, const HttpLimits&, CancelToken&) -> Reply {
      asked.push_back(request);
      if (replies.empty()) throw SqlError(sqlstate::connection_failure, "cannot reach it");
      Reply reply = replies.front();
      replies.pop_front();
      return reply;
    };
    return std::make_shared<QueryClient>(std::move(options));
  }
};

const QueryClient::Service service{.name = "ec2", .version = "2016-11-15"};

}  // namespace

TEST_CASE("aws: a call is a signed form to the region's own host") {
  FakeAws aws;
  CancelToken cancel;
  aws.replies = {{200, "<ok/>"}, {200, "<ok/>"}, {200, "<ok/>"}};
  CHECK(aws.client()->call(service, "eu-west-1", "Do", {{"A", "b c"}}, cancel) == "<ok/>");
  CHECK(aws.asked[0].url() == "https://ec2.eu-west-1.amazonaws.com/");
  CHECK(aws.asked[0].body == "Action=Do&Version=2016-11-15&A=b%20c");
  aws.client()->call(service, "cn-north-1", "Do", {}, cancel);
  CHECK(aws.asked[1].authority == "ec2.cn-north-1.amazonaws.com.cn");
  aws.client("http://127.0.0.1:5000")->call(service, "eu-west-1", "Do", {}, cancel);
  CHECK(aws.asked[2].url() == "http://127.0.0.1:5000/");
  CHECK_THROWS_AS(split_endpoint("ftp://x"), SqlError);
  CHECK_THROWS_AS(split_endpoint("http://user:pw@x"), SqlError);
  CHECK_THROWS_AS(split_endpoint("http://x/path"), SqlError);
}

TEST_CASE("aws: throttling and server errors are tried again, a bounded number of times") {
  FakeAws aws;
  CancelToken cancel;
  aws.replies = {{503, throttled}, {400, throttled}, {500, "not XML"}, {200, "<ok/>"}};
  CHECK(aws.client()->call(service, "r", "Do", {}, cancel) == "<ok/>");
  CHECK(aws.asked.size() == 4);
  aws.asked.clear();
  aws.replies.assign(100, {503, throttled});
  CHECK_THROWS_WITH(aws.client()->call(service, "r", "Do", {}, cancel),
                    "AWS refused Do: RequestLimitExceeded: slow down");
  CHECK(aws.asked.size() == 6);
  aws.asked.clear();
  aws.replies.clear();
  CHECK_THROWS_WITH(aws.client()->call(service, "r", "Do", {}, cancel), "cannot reach it");
  CHECK(aws.asked.size() == 6);
}

TEST_CASE("aws: a refusal is told at once, with its code") {
  FakeAws aws;
  CancelToken cancel;
  aws.replies = {{403,
                  "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                  "<Message>no</Message></Error></ErrorResponse>"}};
  try {
    aws.client()->call(service, "r", "Do", {}, cancel);
    FAIL("no error");
  } catch (const AwsError& error) {
    CHECK(error.code() == "AccessDenied");
    CHECK(error.message() == "AWS refused Do: AccessDenied: no");
  }
  CHECK(aws.asked.size() == 1);
}

TEST_CASE("aws: a cancelled call ends") {
  FakeAws aws;
  CancelToken cancel;
  cancel.cancel();
  aws.replies = {{503, throttled}, {503, throttled}};
  CHECK_THROWS_WITH(aws.client()->call(service, "r", "Do", {}, cancel),
                    "canceling statement due to user request");
}

TEST_CASE("aws: what EC2 tells of endpoints and subnets") {
  FakeAws aws;
  CancelToken cancel;
  const Ec2 ec2(aws.client(), "us-east-1");
  aws.replies = {
      {200,
       "<CreateVpcEndpointResponse><vpcEndpoint><vpcEndpointId>vpce-1</vpcEndpointId>"
       "<state>pendingAcceptance</state><dnsEntrySet><item><dnsName>a.example</dnsName></item>"
       "<item><dnsName>b.example</dnsName></item></dnsEntrySet><subnetIdSet><item>subnet-1</item>"
       "</subnetIdSet></vpcEndpoint></CreateVpcEndpointResponse>"}};
  const VpcEndpoint made =
      ec2.create_endpoint({.vpc = "vpc-1",
                           .service_name = "com.amazonaws.vpce.eu-west-1.vpce-svc-1",
                           .subnets = {"subnet-1", "subnet-2"},
                           .security_groups = {"sg-1"},
                           .client_token = "once",
                           .tags = {{"key", "value"}}},
                          cancel);
  CHECK(made.id == "vpce-1");
  CHECK(made.state == "pendingAcceptance");
  CHECK(made.dns_names == std::vector<std::string>{"a.example", "b.example"});
  CHECK(made.subnets == std::vector<std::string>{"subnet-1"});
  for (const char* part :
       {"VpcEndpointType=Interface", "ClientToken=once", "SubnetId.1=subnet-1",
        "SubnetId.2=subnet-2", "SecurityGroupId.1=sg-1", "ServiceRegion=eu-west-1",
        "TagSpecification.1.ResourceType=vpc-endpoint", "TagSpecification.1.Tag.1.Key=key",
        "TagSpecification.1.Tag.1.Value=value"}) {
    CAPTURE(part);
    CHECK(aws.asked.back().body.find(part) != std::string::npos);
  }

  aws.replies = {{200,
                  "<r><subnetSet><item><subnetId>s1</subnetId><availabilityZone>us-east-1a"
                  "</availabilityZone><availabilityZoneId>use1-az4</availabilityZoneId></item>"
                  "</subnetSet><nextToken>more</nextToken></r>"},
                 {200, "<r><subnetSet><item><subnetId>s2</subnetId></item></subnetSet></r>"}};
  const auto subnets = ec2.subnets("vpc-1", {}, cancel);
  REQUIRE(subnets.size() == 2);
  CHECK(subnets[0].zone_id == "use1-az4");
  CHECK(subnets[1].id == "s2");
  CHECK(aws.asked.back().body.find("NextToken=more") != std::string::npos);

  aws.replies = {{400,
                  "<Response><Errors><Error><Code>InvalidVpcEndpointId.NotFound</Code><Message>x"
                  "</Message></Error></Errors></Response>"}};
  CHECK_FALSE(ec2.endpoint("vpce-2", cancel));
}

TEST_CASE("aws: a deletion that fails for one endpoint is an error, unless it is gone") {
  FakeAws aws;
  CancelToken cancel;
  const Ec2 ec2(aws.client(), "us-east-1");
  const auto refused = [](const std::string& code) {
    return "<DeleteVpcEndpointsResponse><unsuccessful><item><error><code>" + code +
           "</code><message>m</message></error></item></unsuccessful></DeleteVpcEndpointsResponse>";
  };
  aws.replies = {{200, refused("InvalidVpcEndpoint.NotFound")},
                 {200, "<DeleteVpcEndpointsResponse><unsuccessful/></DeleteVpcEndpointsResponse>"},
                 {200, refused("DependencyViolation")}};
  CHECK_NOTHROW(ec2.delete_endpoint("vpce-1", cancel));
  CHECK_NOTHROW(ec2.delete_endpoint("vpce-1", cancel));
  CHECK_THROWS_WITH(ec2.delete_endpoint("vpce-1", cancel),
                    "AWS refused DeleteVpcEndpoints: DependencyViolation: m");
}

TEST_CASE("aws: the principal of a caller") {
  CHECK(principal_of("arn:aws:iam::1:user/me") == "arn:aws:iam::1:user/me");
  CHECK(principal_of("arn:aws:sts::1:assumed-role/R/i-77") == "arn:aws:iam::1:role/R");
  CHECK(principal_of("arn:aws-cn:sts::1:assumed-role/R/s") == "arn:aws-cn:iam::1:role/R");
  FakeAws aws;
  CancelToken cancel;
  aws.replies = {{200,
                  "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>"
                  "arn:aws:sts::1:assumed-role/R/s</Arn></GetCallerIdentityResult>"
                  "</GetCallerIdentityResponse>"},
                 {200, "<nothing/>"}};
  const auto client = aws.client();
  CHECK(caller_principal(*client, "us-east-1", cancel) == "arn:aws:iam::1:role/R");
  CHECK_THROWS_AS(caller_principal(*client, "us-east-1", cancel), SqlError);
}

TEST_CASE("aws: an assumed role's keys are kept and expired ones renewed") {
  FakeAws aws;
  CancelToken cancel;
  const auto reply = [](const std::string& id, const std::string& expiration) {
    return Reply{200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + id +
                          "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                          "</SessionToken><Expiration>" +
                          expiration +
                          "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"};
  };
  aws.replies = {reply("ONE", "2001-01-01T00:00:00Z"), reply("TWO", "2999-01-01T00:00:00Z")};
  const auto keys =
      assume_role(aws.client(), "us-east-1",
                  {.arn = "arn:aws:iam::2:role/X", .session_name = "me", .external_id = "mz_1"});
  CHECK(keys->get(cancel).access_key_id == "ONE");
  CHECK(keys->get(cancel).access_key_id == "TWO");
  CHECK(keys->get(cancel).access_key_id == "TWO");
  CHECK(aws.asked.back().body.find("ExternalId=mz_1") != std::string::npos);
}
