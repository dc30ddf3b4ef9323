// Looking after one endpoint, with an EC2 of ours that shows things late, refuses, and keeps count.
#include "engine/coordinator/aws/endpoint_work.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>
#include <map>

#include "engine/coordinator/aws/egress_addresses.hpp"
#include "engine/coordinator/aws/privatelink.hpp"

using namespace tailrace;
using namespace tailrace::engine;
namespace aws = tailrace::replication::aws;

namespace {

struct FakeEc2 {
  struct Endpoint {
    std::string state = "pendingAcceptance";
    bool shown = true;
  };
  std::map<std::string, Endpoint> endpoints;
  std::map<std::string, std::string> tokens;
  std::string refusal;  // of the next creation
  bool lose_reply = false;
  int creations = 0;
  std::function<void()> before_creation;

  static std::string item(const std::string& id, const Endpoint& endpoint) {
    return fmt::format("<vpcEndpointId>{}</vpcEndpointId><state>{}</state>", id, endpoint.state);
  }
  static std::string value(const std::string& body, const std::string& name) {
    const std::size_t at = body.find("&" + name + "=");
    if (at == std::string::npos) return "";
    const std::size_t start = at + name.size() + 2;
    return body.substr(start, body.find('&', start) - start);
  }
  static aws::Reply error(const std::string& code) {
    return {400, fmt::format("<Response><Errors><Error><Code>{}</Code></Error></Errors></Response>",
                             code)};
  }

  aws::Reply create(const std::string& body) {
    ++creations;
    if (before_creation) before_creation();
    if (!refusal.empty()) return error(std::exchange(refusal, ""));
    std::string& id = tokens[value(body, "ClientToken")];
    if (id.empty()) {
      id = fmt::format("vpce-{}", tokens.size());
      endpoints[id];
    }
    if (std::exchange(lose_reply, false)) return {503, ""};
    return {200, "<r><vpcEndpoint>" + item(id, endpoints[id]) + "</vpcEndpoint></r>"};
  }
  aws::Reply describe(const std::string& body) {
    const std::string id = value(body, "VpcEndpointId.1");
    std::string items;
    for (const auto& [known, endpoint] : endpoints) {
      if (endpoint.shown && (id.empty() || id == known))
        items += "<item>" + item(known, endpoint) + "</item>";
    }
    if (items.empty() && !id.empty()) return error("InvalidVpcEndpointId.NotFound");
    return {200, "<r><vpcEndpointSet>" + items + "</vpcEndpointSet></r>"};
  }
  aws::Reply remove(const std::string& body) {
    const auto found = endpoints.find(value(body, "VpcEndpointId.1"));
    if (found != endpoints.end()) found->second.state = "deleting";
    return {200, "<r/>"};
  }
  aws::Reply operator()(const aws::Request& request) {
    const std::string& body = request.body;
    if (body.starts_with("Action=CreateVpcEndpoint&")) return create(body);
    if (body.starts_with("Action=DescribeVpcEndpoints&")) return describe(body);
    if (body.starts_with("Action=DeleteVpcEndpoints&")) return remove(body);
    return error("UnknownAction");
  }
  std::size_t alive() const {
    std::size_t count = 0;
    for (const auto& [id, endpoint] : endpoints) {
      if (endpoint.state != "deleted" && endpoint.state != "deleting") ++count;
    }
    return count;
  }
};

struct Fixture {
  FakeEc2 fake;
  CancelToken cancel;
  EndpointRecord record;  // in memory
  EndpointRecord saved;   // what a restart finds
  std::vector<std::string> history;

  Fixture() {
    record.token = "token";
    record.service_name = "com.amazonaws.vpce.r.vpce-svc-1";
    saved = record;
  }
  EndpointWork work() {
    aws::ClientOptions options;
    options.credentials = aws::fixed_credentials({});
    options.pause = std::chrono::milliseconds(1);
    options.send = [this](const aws::Request& request, const aws::HttpLimits&, CancelToken&) {
      return fake(request);
    };
    ec2 = std::make_unique<aws::Ec2>(std::make_shared<aws::QueryClient>(std::move(options)), "r");
    return {*ec2,
            [this](const EndpointRecord& changed, bool status_changed) {
              saved = changed;
              if (status_changed) history.push_back(changed.status);
            },
            cancel};
  }
  void keep(EndpointWork::Unseen unseen = EndpointWork::Unseen::may_appear) {
    work().keep(record, unseen);
  }
  bool remove(EndpointWork::Unseen unseen = EndpointWork::Unseen::may_appear) {
    return work().remove(record, unseen);
  }
  void restart() { record = saved; }

  std::unique_ptr<aws::Ec2> ec2;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "endpoint: made once, then watched") {
  keep();
  keep();
  CHECK(record.endpoint_id == "vpce-1");
  CHECK(record.status == "pending-acceptance");
  fake.endpoints["vpce-1"].state = "available";
  keep();
  keep();
  CHECK(history ==
        std::vector<std::string>{"creating-endpoint", "pending-acceptance", "available"});
  CHECK(fake.creations == 1);
}

TEST_CASE_FIXTURE(Fixture, "endpoint: that it may exist is known before AWS is asked") {
  bool known_before = false;
  fake.before_creation = [&] { known_before = saved.asked; };
  fake.refusal = "UnauthorizedOperation";
  CHECK_THROWS_AS(keep(), aws::AwsError);
  CHECK(known_before);
  CHECK(history == std::vector<std::string>{"creating-endpoint", "failed"});
  CHECK_FALSE(saved.asked);  // AWS said that it made none
  fake.lose_reply = true;
  keep();
  CHECK(fake.creations == 3);
  CHECK(fake.alive() == 1);
}

TEST_CASE_FIXTURE(Fixture, "endpoint: one that was made by a lost call is found by its tag") {
  // As if the server had died between asking and being answered.
  record.asked = saved.asked = true;
  fake.endpoints["vpce-9"];
  keep();
  CHECK(record.endpoint_id == "vpce-9");
  CHECK(fake.creations == 0);
}

TEST_CASE_FIXTURE(Fixture, "endpoint: shown late, it is not made twice") {
  keep();
  fake.endpoints["vpce-1"].shown = false;
  keep();
  restart();
  keep();
  CHECK(fake.creations == 1);
  CHECK(record.endpoint_id == "vpce-1");
  fake.endpoints["vpce-1"].shown = true;
  keep();
  CHECK(history == std::vector<std::string>{"creating-endpoint", "pending-acceptance"});

  SUBCASE("but when it stays away it is made again, under another token") {
    fake.endpoints.erase("vpce-1");
    keep(EndpointWork::Unseen::is_not_there);
    CHECK(record.endpoint_id == "vpce-2");
    CHECK(record.generation == 2);
    CHECK(fake.tokens.size() == 2);
    CHECK(history.back() == "pending-acceptance");
  }
  SUBCASE("and when AWS shows that it is deleted, at once") {
    fake.endpoints["vpce-1"].state = "deleted";
    keep();
    CHECK(record.endpoint_id == "vpce-2");
    CHECK(fake.alive() == 1);
  }
  SUBCASE("and not while it is being deleted") {
    fake.endpoints["vpce-1"].state = "deleting";
    keep();
    CHECK(fake.creations == 1);
    CHECK(record.status == "deleting");
  }
}

TEST_CASE_FIXTURE(Fixture, "endpoint: removed when AWS has it no more") {
  CHECK(remove());  // nobody ever asked for one
  keep();
  CHECK_FALSE(remove());
  CHECK(record.status == "deleting");
  CHECK_FALSE(remove());
  restart();
  SUBCASE("because it is shown as deleted") {
    fake.endpoints["vpce-1"].state = "deleted";
  }
  SUBCASE("because it is not shown any more") {
    fake.endpoints.clear();
  }
  CHECK(remove());
}

TEST_CASE_FIXTURE(Fixture, "endpoint: dropped before AWS shows it, it is deleted all the same") {
  SUBCASE("when its id is known") {
    keep();
    fake.endpoints["vpce-1"].shown = false;
    CHECK_FALSE(remove());
    CHECK(fake.alive() == 0);
  }
  SUBCASE("when its id is not known") {
    record.asked = true;
    fake.endpoints["vpce-7"].shown = false;
    CHECK_FALSE(remove());
    fake.endpoints["vpce-7"].shown = true;
    CHECK_FALSE(remove());
    CHECK(fake.alive() == 0);
    fake.endpoints["vpce-7"].state = "deleted";
    CHECK(remove());
  }
  SUBCASE("and given up when it never appears") {
    record.asked = true;
    CHECK_FALSE(remove());
    CHECK(remove(EndpointWork::Unseen::is_not_there));
  }
}

TEST_CASE_FIXTURE(Fixture, "endpoint: a service that is not there yet is waited for") {
  for (int round = 0; round < 3; ++round) {
    fake.refusal = "InvalidServiceName";
    CHECK_THROWS_AS(keep(), aws::AwsError);
  }
  CHECK(history == std::vector<std::string>{"creating-endpoint", "pending-service-discovery"});
  keep();
  CHECK(history.back() == "pending-acceptance");
}

TEST_CASE("endpoint: the record survives encoding, and damage is an error") {
  EndpointRecord record;
  record.token = "t";
  record.region = "r";
  record.subnets = {"a", "b"};
  record.zones = {{"use1-az1", "us-east-1a"}};
  record.generation = 7;
  record.asked = true;
  record.dns_names = {"x"};
  record.status = "available";
  const auto change = put_endpoint(catalog::ItemId::user(5), record);
  CHECK(change.key == "endpoint/u5");
  const EndpointRecord read = decode_endpoint(*change.value);
  CHECK(read.subnets == record.subnets);
  CHECK(read.zones == record.zones);
  CHECK(read.generation == 7);
  CHECK(read.asked);
  CHECK(read.dns_names == record.dns_names);
  CHECK(read.client_token() == "t-7");
  for (std::size_t length = 0; length < change.value->size(); ++length)
    CHECK_THROWS_AS(decode_endpoint(std::string_view(*change.value).substr(0, length)), SqlError);
}

TEST_CASE("endpoint: AWS's words for its state") {
  CHECK(endpoint_status("pendingAcceptance") == "pending-acceptance");
  CHECK(endpoint_status("PendingAcceptance") == "pending-acceptance");
  CHECK(endpoint_status("Available") == "available");
  CHECK(endpoint_status("partial") == "unknown");
  CHECK(endpoint_status("") == "unknown");
}

TEST_CASE("zones are named by their id") {
  for (const char* id : {"use1-az1", "euw1-az10", "usw2-lax1-az1"}) CHECK(is_zone_id(id));
  for (const char* text : {"", "us-east-1a", "use1-az", "-az1", "use1-azx", "USE1-AZ1", "a b-az1"})
    CHECK_FALSE(is_zone_id(text));
}

TEST_CASE("egress addresses are addresses or networks") {
  CHECK(parse_egress_address("203.0.113.7").cidr() == "203.0.113.7/32");
  CHECK(parse_egress_address("2001:DB8::/32").cidr() == "2001:db8::/32");
  CHECK(parse_egress_address("0.0.0.0/0").cidr() == "0.0.0.0/0");
  for (const char* text : {"", "x", "203.0.113", "203.0.113.7/", "203.0.113.7/x", "203.0.113.7/24",
                           "203.0.113.0/33", "203.0.113.0/-1", "::/129"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_egress_address(text), SqlError);
  }
}
