// What is asked of EC2: VPC endpoints and the subnets to put them in.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replication/aws/query_client.hpp"

namespace tailrace::replication::aws {

struct Subnet {
  std::string id;
  std::string zone_name;  // us-east-1a: means another zone in each account
  std::string zone_id;    // use1-az4
};

struct VpcEndpoint {
  std::string id;
  std::string state;  // as EC2 writes it, in any case: pendingAcceptance, available, ...
  std::string error;  // of a failed one
  std::vector<std::string> dns_names;  // the first is for the endpoint as a whole
  std::vector<std::string> subnets;
};

struct VpcEndpointRequest {
  std::string vpc;
  std::string service_name;
  std::vector<std::string> subnets;
  std::vector<std::string> security_groups;
  // Repeating the request with the same token makes nothing new.
  std::string client_token;
  Pairs tags;
};

class Ec2 {
 public:
  Ec2(std::shared_ptr<const QueryClient> client, std::string region)
      : client_(std::move(client)), region_(std::move(region)) {}

  // Those with these ids, or all of the VPC if there are none.
  std::vector<Subnet> subnets(const std::string& vpc, std::span<const std::string> ids,
                              CancelToken& cancel) const;

  VpcEndpoint create_endpoint(const VpcEndpointRequest& request, CancelToken& cancel) const;
  // nullopt: there is none of this id (any more).
  std::optional<VpcEndpoint> endpoint(const std::string& id, CancelToken& cancel) const;
  // Those with this tag.
  std::vector<VpcEndpoint> endpoints_tagged(const std::string& tag, const std::string& value,
                                            CancelToken& cancel) const;
  // No error if it is gone already.
  void delete_endpoint(const std::string& id, CancelToken& cancel) const;

 private:
  std::vector<VpcEndpoint> describe_endpoints(Pairs parameters, CancelToken& cancel) const;

  std::shared_ptr<const QueryClient> client_;
  std::string region_;
};

// The region in com.amazonaws.vpce.REGION.vpce-svc-...; empty if the name has another form.
std::string region_of_service(const std::string& service_name);

}  // namespace tailrace::replication::aws
