#include "replication/aws/ec2.hpp"

#include <fmt/format.h>

#include <cstring>
#include <pugixml.hpp>

namespace tailrace::replication::aws {

namespace {

const QueryClient::Service ec2{.name = "ec2", .version = "2016-11-15"};

// A listing that never ends would be AWS's fault, and must not become ours.
constexpr int pages_max = 100;

pugi::xml_document parse(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size()))
    throw SqlError(sqlstate::connection_failure, "AWS sent a reply that is not XML");
  return document;
}

void add_list(Pairs& parameters, std::string_view name, std::span<const std::string> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    parameters.emplace_back(fmt::format("{}.{}", name, i + 1), values[i]);
}

VpcEndpoint read_endpoint(pugi::xml_node node) {
  VpcEndpoint endpoint;
  endpoint.id = node.child_value("vpcEndpointId");
  endpoint.state = node.child_value("state");
  if (endpoint.state.empty()) endpoint.state = node.child_value("vpcEndpointState");
  endpoint.error = node.child("lastError").child_value("message");
  for (const pugi::xml_node entry : node.child("dnsEntrySet").children("item")) {
    if (*entry.child_value("dnsName") != '\0')
      endpoint.dns_names.emplace_back(entry.child_value("dnsName"));
  }
  for (const pugi::xml_node subnet : node.child("subnetIdSet").children("item"))
    endpoint.subnets.emplace_back(subnet.child_value());
  return endpoint;
}

bool says_not_found(const AwsError& error) {
  return error.code() == "InvalidVpcEndpointId.NotFound" ||
         error.code() == "InvalidVpcEndpoint.NotFound";
}

}  // namespace

std::vector<Subnet> Ec2::subnets(const std::string& vpc, std::span<const std::string> ids,
                                 CancelToken& cancel) const {
  Pairs parameters{{"Filter.1.Name", "vpc-id"}, {"Filter.1.Value.1", vpc}};
  add_list(parameters, "SubnetId", ids);
  std::vector<Subnet> found;
  std::string next;
  for (int page = 0; page < pages_max; ++page) {
    Pairs asked = parameters;
    if (!next.empty()) asked.emplace_back("NextToken", next);
    const pugi::xml_document document =
        parse(client_->call(ec2, region_, "DescribeSubnets", asked, cancel));
    const pugi::xml_node reply = document.document_element();
    for (const pugi::xml_node item : reply.child("subnetSet").children("item")) {
      found.push_back({.id = item.child_value("subnetId"),
                       .zone_name = item.child_value("availabilityZone"),
                       .zone_id = item.child_value("availabilityZoneId")});
    }
    next = reply.child_value("nextToken");
    if (next.empty()) break;
  }
  return found;
}

VpcEndpoint Ec2::create_endpoint(const VpcEndpointRequest& request, CancelToken& cancel) const {
  Pairs parameters{{"VpcEndpointType", "Interface"},
                   {"VpcId", request.vpc},
                   {"ServiceName", request.service_name},
                   {"ClientToken", request.client_token},
                   {"PrivateDnsEnabled", "false"}};
  const std::string region = region_of_service(request.service_name);
  if (!region.empty() && region != region_) parameters.emplace_back("ServiceRegion", region);
  add_list(parameters, "SubnetId", request.subnets);
  add_list(parameters, "SecurityGroupId", request.security_groups);
  parameters.emplace_back("TagSpecification.1.ResourceType", "vpc-endpoint");
  for (std::size_t i = 0; i < request.tags.size(); ++i) {
    const std::string prefix = fmt::format("TagSpecification.1.Tag.{}.", i + 1);
    parameters.emplace_back(prefix + "Key", request.tags[i].first);
    parameters.emplace_back(prefix + "Value", request.tags[i].second);
  }
  const pugi::xml_document document =
      parse(client_->call(ec2, region_, "CreateVpcEndpoint", parameters, cancel));
  VpcEndpoint made = read_endpoint(document.document_element().child("vpcEndpoint"));
  if (made.id.empty()) {
    throw SqlError(sqlstate::connection_failure,
                   "AWS answered CreateVpcEndpoint without naming an endpoint");
  }
  return made;
}

std::vector<VpcEndpoint> Ec2::describe_endpoints(Pairs parameters, CancelToken& cancel) const {
  std::vector<VpcEndpoint> found;
  std::string next;
  for (int page = 0; page < pages_max; ++page) {
    Pairs asked = parameters;
    if (!next.empty()) asked.emplace_back("NextToken", next);
    const pugi::xml_document document =
        parse(client_->call(ec2, region_, "DescribeVpcEndpoints", asked, cancel));
    const pugi::xml_node reply = document.document_element();
    for (const pugi::xml_node item : reply.child("vpcEndpointSet").children("item"))
      found.push_back(read_endpoint(item));
    next = reply.child_value("nextToken");
    if (next.empty()) break;
  }
  return found;
}

std::optional<VpcEndpoint> Ec2::endpoint(const std::string& id, CancelToken& cancel) const {
  try {
    auto found = describe_endpoints({{"VpcEndpointId.1", id}}, cancel);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  } catch (const AwsError& error) {
    if (says_not_found(error)) return std::nullopt;
    throw;
  }
}

std::vector<VpcEndpoint> Ec2::endpoints_tagged(const std::string& tag, const std::string& value,
                                               CancelToken& cancel) const {
  return describe_endpoints({{"Filter.1.Name", "tag:" + tag}, {"Filter.1.Value.1", value}}, cancel);
}

void Ec2::delete_endpoint(const std::string& id, CancelToken& cancel) const {
  try {
    const pugi::xml_document document =
        parse(client_->call(ec2, region_, "DeleteVpcEndpoints", {{"VpcEndpointId.1", id}}, cancel));
    // The call as a whole succeeds where single deletions do not.
    for (const pugi::xml_node item :
         document.document_element().child("unsuccessful").children("item")) {
      const pugi::xml_node error = item.child("error");
      AwsError refused("DeleteVpcEndpoints", error.child_value("code"),
                       error.child_value("message"), 200);
      if (!says_not_found(refused)) throw refused;
    }
  } catch (const AwsError& error) {
    if (!says_not_found(error)) throw;
  }
}

std::string region_of_service(const std::string& name) {
  constexpr std::string_view prefix = "com.amazonaws.vpce.";
  if (!name.starts_with(prefix)) return {};
  const std::size_t end = name.find('.', prefix.size());
  return end == std::string::npos ? std::string() : name.substr(prefix.size(), end - prefix.size());
}

}  // namespace tailrace::replication::aws
