#include "engine/coordinator/intents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "catalog/field_codec.hpp"
#include "engine/coordinator/aws/aws_connection.hpp"
#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/network_settings.hpp"
#include "engine/coordinator/tunnels.hpp"
#include "replication/postgres/purification.hpp"

namespace tailrace::engine {

namespace {

constexpr std::string_view drop_slot_prefix = "drop-slot/";
constexpr auto first_delay = std::chrono::milliseconds(200);
constexpr auto longest_delay = std::chrono::seconds(30);

// 2: with the SSH tunnel.
constexpr std::uint64_t record_version = 3;

namespace ssh = replication::ssh;
using replication::ConnectionConfig;

void put(catalog::FieldWriter& out, const std::optional<std::string>& text) {
  out.put(static_cast<std::uint64_t>(text.has_value()));
  out.put(std::string_view(text ? *text : std::string()));
}

std::optional<std::string> get(catalog::FieldReader& in) {
  const bool present = in.flag();
  std::string text = in.text();
  return present ? std::optional(std::move(text)) : std::nullopt;
}

// The way through a bastion: the connection to it may be dropped in the same statement.
void put(catalog::FieldWriter& out, const ssh::Tunnel* tunnel) {
  out.put(static_cast<std::uint64_t>(tunnel != nullptr));
  if (tunnel == nullptr) return;
  const ssh::TunnelConfig config = tunnel->config();
  out.put(std::string_view(config.name));
  out.put(std::string_view(config.host));
  out.put(std::uint64_t{config.port});
  out.put(std::string_view(config.user));
  out.put(std::string_view(encode_keys(config.keys)));
  put(out, config.host_key);
  out.put(static_cast<std::uint64_t>(config.check_host_key));
  out.put(static_cast<std::uint64_t>(config.connect_timeout.count()));
  out.put(static_cast<std::uint64_t>(config.keepalive_idle.count()));
}

std::shared_ptr<ssh::Tunnel> get_tunnel(const Coordinator& coordinator, catalog::FieldReader& in) {
  if (!in.flag()) return nullptr;
  ssh::TunnelConfig config;
  config.name = in.text();
  config.host = in.text();
  config.port = static_cast<std::uint16_t>(in.number());
  config.user = in.text();
  config.keys = decode_keys(in.text());
  config.host_key = get(in);
  config.check_host_key = in.flag();
  config.connect_timeout = std::chrono::milliseconds(in.number());
  config.keepalive_idle = std::chrono::milliseconds(in.number());
  return ssh::Tunnel::create([config, &coordinator] {
    ssh::TunnelConfig now = config;
    apply_network_settings(coordinator, *coordinator.catalog(), now);
    return now;
  });
}

// What it takes to drop a slot.
struct SlotToDrop {
  std::string slot;
  ConnectionConfig connection;
  std::string aws_recipe;  // of the login; empty: none
  std::optional<EndpointPath> endpoint;
};

std::string encode(const ConnectionConfig& config, const std::string& slot,
                   const std::optional<EndpointPath>& endpoint) {
  catalog::FieldWriter out;
  out.put(record_version);
  out.put(std::string_view(slot));
  out.put(std::string_view(config.host));
  out.put(std::uint64_t{config.port});
  out.put(std::string_view(config.database));
  out.put(std::string_view(config.user));
  put(out, config.password);
  out.put(static_cast<std::uint64_t>(config.ssl_mode));
  put(out, config.ssl_certificate_authority);
  put(out, config.ssl_certificate);
  put(out, config.ssl_key);
  put(out, config.tunnel.get());
  out.put(std::string_view(config.aws_login ? config.aws_login->recipe : std::string()));
  out.put(static_cast<std::uint64_t>(endpoint.has_value()));
  if (!endpoint) return out.take();
  out.put(endpoint->connection);
  out.put(std::uint64_t{endpoint->port.value_or(0)});
  out.put(std::string_view(endpoint->zone));
  return out.take();
}

SlotToDrop decode(const Coordinator& coordinator, std::string_view bytes) {
  catalog::FieldReader in(bytes);
  const std::uint64_t version = in.number();
  SlotToDrop todo;
  todo.slot = in.text();
  ConnectionConfig& config = todo.connection;
  config.host = in.text();
  config.port = static_cast<std::uint16_t>(in.number());
  config.database = in.text();
  config.user = in.text();
  config.password = get(in);
  config.ssl_mode = static_cast<ConnectionConfig::SslMode>(in.number());
  config.ssl_certificate_authority = get(in);
  config.ssl_certificate = get(in);
  config.ssl_key = get(in);
  if (version >= 2) config.tunnel = get_tunnel(coordinator, in);
  config.application_name = "tailrace drop slot";
  apply_network_settings(coordinator, *coordinator.catalog(), config);
  if (version < 3) return todo;
  todo.aws_recipe = in.text();
  if (!in.flag()) return todo;
  todo.endpoint.emplace();
  in.get(todo.endpoint->connection);
  const std::uint64_t port = in.number();
  if (port != 0) todo.endpoint->port = static_cast<std::uint16_t>(port);
  todo.endpoint->zone = in.text();
  return todo;
}

}  // namespace

IntentWorker::IntentWorker(Coordinator& coordinator) : coordinator_(coordinator) {}

IntentWorker::~IntentWorker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  cancel_.cancel();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void IntentWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void IntentWorker::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

storage::RecordChange IntentWorker::drop_slot(const Coordinator& coordinator,
                                              const std::string& source_id,
                                              const ConnectionConfig& connection,
                                              const std::string& slot,
                                              const std::optional<EndpointPath>& endpoint) {
  const std::string key = std::string(drop_slot_prefix) + source_id;
  return {storage::RecordSpace::intents, key,
          coordinator.secrets().seal(key, encode(connection, slot, endpoint))};
}

bool IntentWorker::needs_endpoint(catalog::ItemId connection) const {
  for (const auto& [key, value] :
       coordinator_.store().scan_records(storage::RecordSpace::intents, drop_slot_prefix)) {
    const SlotToDrop todo = decode(coordinator_, coordinator_.secrets().unseal(key, value));
    if (todo.endpoint && todo.endpoint->connection == connection) return true;
  }
  return false;
}

bool IntentWorker::carry_out(const std::string& key, const std::string& value) {
  if (!key.starts_with(drop_slot_prefix)) return true;
  try {
    SlotToDrop todo = decode(coordinator_, coordinator_.secrets().unseal(key, value));
    if (!todo.aws_recipe.empty())
      todo.connection.aws_login = make_aws_login(coordinator_, todo.aws_recipe);
    if (todo.endpoint) go_through(coordinator_, *todo.endpoint, todo.connection);
    replication::drop_slot(todo.connection, todo.slot, cancel_);
    storage::CommitRequest done;
    done.records.push_back({storage::RecordSpace::intents, key, std::nullopt});
    return !coordinator_.store().commit(std::move(done)).error;
  } catch (const SqlError& error) {
    coordinator_.log("warn", fmt::format("cannot drop the replication slot of source {} yet: {}",
                                         key.substr(drop_slot_prefix.size()), error.message()));
    return false;
  }
}

void IntentWorker::run() {
  std::chrono::milliseconds delay = first_delay;
  for (;;) {
    bool all_done = true;
    for (const auto& [key, value] :
         coordinator_.store().scan_records(storage::RecordSpace::intents, "")) {
      if (cancel_.cancelled()) return;
      all_done = carry_out(key, value) && all_done;
    }
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return woken_ || stopping_; };
    if (all_done) {
      delay = first_delay;
      changed_.wait(lock, woken);
    } else {
      changed_.wait_for(lock, delay, [this] { return stopping_; });
      delay = std::min<std::chrono::milliseconds>(delay * 2, longest_delay);
    }
    if (stopping_) return;
    woken_ = false;
  }
}

}  // namespace tailrace::engine
