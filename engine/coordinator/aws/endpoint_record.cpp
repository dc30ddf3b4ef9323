#include "engine/coordinator/aws/endpoint_record.hpp"

#include <fmt/format.h>

#include "catalog/field_codec.hpp"

namespace tailrace::engine {

namespace {

// 2: with retired endpoints.
constexpr std::uint64_t version = 2;

void put(catalog::FieldWriter& out, const std::vector<std::string>& texts) {
  out.put_list(texts, [&](const std::string& text) { out.put(std::string_view(text)); });
}

std::vector<std::string> texts(catalog::FieldReader& in) {
  return in.list([&] { return in.text(); });
}

std::string key_of(catalog::ItemId connection) {
  return std::string(endpoint_record_prefix) + connection.to_string();
}

}  // namespace

std::string EndpointRecord::client_token() const {
  return fmt::format("{}-{}", token, generation);
}

storage::RecordChange put_endpoint(catalog::ItemId connection, const EndpointRecord& record) {
  catalog::FieldWriter out;
  out.put(version);
  out.put(std::string_view(record.token));
  out.put(std::string_view(record.region));
  out.put(std::string_view(record.vpc));
  out.put(std::string_view(record.service_name));
  put(out, record.subnets);
  put(out, record.security_groups);
  out.put_list(record.zones, [&](const auto& zone) {
    out.put(std::string_view(zone.first));
    out.put(std::string_view(zone.second));
  });
  out.put(record.generation);
  out.put(static_cast<std::uint64_t>(record.asked));
  out.put(std::string_view(record.endpoint_id));
  put(out, record.dns_names);
  out.put(std::string_view(record.status));
  out.put_list(record.retired, [&](const RetiredEndpoint& retired) {
    out.put(std::string_view(retired.token));
    out.put(std::string_view(retired.region));
    out.put(std::string_view(retired.endpoint_id));
  });
  return {storage::RecordSpace::intents, key_of(connection), out.take()};
}

storage::RecordChange remove_endpoint(catalog::ItemId connection) {
  return {storage::RecordSpace::intents, key_of(connection), std::nullopt};
}

EndpointRecord decode_endpoint(std::string_view bytes) {
  catalog::FieldReader in(bytes);
  const std::uint64_t written = in.number();
  if (written == 0 || written > version) {
    throw SqlError(sqlstate::data_corrupted,
                   "the record of a PrivateLink endpoint has a version that is not known");
  }
  EndpointRecord record;
  record.token = in.text();
  record.region = in.text();
  record.vpc = in.text();
  record.service_name = in.text();
  record.subnets = texts(in);
  record.security_groups = texts(in);
  record.zones = in.list([&] {
    std::string id = in.text();
    return std::pair(std::move(id), in.text());
  });
  record.generation = in.number();
  record.asked = in.flag();
  record.endpoint_id = in.text();
  record.dns_names = texts(in);
  record.status = in.text();
  if (written < 2) return record;
  record.retired = in.list([&] {
    RetiredEndpoint retired;
    retired.token = in.text();
    retired.region = in.text();
    retired.endpoint_id = in.text();
    return retired;
  });
  return record;
}

}  // namespace tailrace::engine
