// One step of looking after one endpoint: asks AWS, decides, acts. Knows nothing of threads or the catalog.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "engine/coordinator/aws/endpoint_record.hpp"
#include "replication/aws/ec2.hpp"

namespace tailrace::engine {

// AWS's word for an endpoint's state as the relations' ("pendingAcceptance" -> "pending-acceptance").
std::string_view endpoint_status(const std::string& state);

// What the user can do about a status; empty: nothing.
std::string_view endpoint_hint(std::string_view status);

class EndpointWork {
 public:
  // Makes the record durable, and writes its status to the history if that has changed.
  using Save = std::function<void(const EndpointRecord& record, bool status_changed)>;

  EndpointWork(const replication::aws::Ec2& ec2, Save save, CancelToken& cancel)
      : ec2_(ec2), save_(std::move(save)), cancel_(cancel) {}

  // AWS shows new endpoints late: one that should be there and is not may yet appear, unless it has not been seen for
  // long enough.
  enum class Unseen : std::uint8_t { may_appear, is_not_there };

  // Whether AWS showed the endpoint, in whatever state.
  bool seen() const { return seen_; }

  // The endpoint is wanted: makes it unless it is there, and notes its state. What AWS refuses becomes a status and is
  // thrown; the record is good for another try.
  void keep(EndpointRecord& record, Unseen unseen);

  // The endpoint must go. True: there is none any more, and the record can be removed.
  bool remove(EndpointRecord& record, Unseen unseen);

 private:
  std::optional<replication::aws::VpcEndpoint> find(const EndpointRecord& record);
  void create(EndpointRecord& record);
  void note(EndpointRecord& record, std::string_view status);
  void note(EndpointRecord& record, const replication::aws::VpcEndpoint& endpoint);

  const replication::aws::Ec2& ec2_;
  Save save_;
  CancelToken& cancel_;
  bool seen_ = false;
};

}  // namespace tailrace::engine
