#include "replication/aws/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <mutex>

#include "replication/network/addresses.hpp"
#include "repr/error.hpp"

namespace tailrace::replication::aws {

namespace {

// Longer than any reply of the calls that are made.
constexpr std::size_t body_bytes_max = 8 * 1024 * 1024;

// Both kinds of handle are void* to C.
struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + count > body_bytes_max) return 0;  // curl then fails the transfer
  body.append(bytes, count);
  return count;
}

// In place of curl's own socket(): the address is the one that is dialled. `refused` is a bool.
curl_socket_t open_external_socket(void* refused, curlsocktype, curl_sockaddr* address) {
  char text[NI_MAXHOST];
  const bool is_readable = ::getnameinfo(&address->addr, address->addrlen, text, sizeof text,
                                         nullptr, 0, NI_NUMERICHOST) == 0;
  if (!is_readable || is_private_address(text)) {
    *static_cast<bool*>(refused) = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void initialise() {
  static std::once_flag once;
  std::call_once(once, [] {
    ensure(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl can be initialised");
  });
}

SqlError unreachable(const Request& request, std::string_view why) {
  return SqlError(sqlstate::connection_failure,
                  fmt::format("cannot reach {}: {}", request.authority, why));
}

}  // namespace

Reply send_http(const Request& request, const HttpLimits& limits, CancelToken& cancel) {
  initialise();
  cancel.check();
  const std::unique_ptr<CURLM, FreeMulti> multi(curl_multi_init());
  const std::unique_ptr<CURL, FreeEasy> easy(curl_easy_init());
  if (!multi || !easy) throw std::bad_alloc();
  const CancelToken::Registration wake(cancel, [&] { curl_multi_wakeup(multi.get()); });

  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers)
    list = curl_slist_append(list, (name + ": " + value).c_str());
  list = curl_slist_append(list, "expect:");  // no waiting for 100-continue
  const std::unique_ptr<curl_slist, FreeList> headers(list);
  const std::string url = request.url();
  Reply reply;
  CURL* handle = easy.get();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  if (request.method == "POST" || !request.body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.whole.count()));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "tailrace");
  if (!limits.through_proxy || limits.external_only) curl_easy_setopt(handle, CURLOPT_PROXY, "");
  bool refused = false;
  if (limits.external_only) {
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_external_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &refused);
  }

  curl_multi_add_handle(multi.get(), handle);
  // Taken out before either handle is freed, whatever is thrown.
  const std::unique_ptr<CURLM, std::function<void(CURLM*)>> added(
      multi.get(), [&](CURLM* from) { curl_multi_remove_handle(from, handle); });
  int running = 1;
  while (running > 0) {
    cancel.check();
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK)
      throw unreachable(request, "the transfer failed");
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi.get(), &left);
  if (message == nullptr || message->msg != CURLMSG_DONE)
    throw unreachable(request, "the transfer failed");
  if (message->data.result != CURLE_OK && refused) {
    throw SqlError(
        sqlstate::object_not_in_prerequisite_state,
        fmt::format("cannot reach {}: Address resolved to a private IP", request.authority));
  }
  if (message->data.result != CURLE_OK)
    throw unreachable(request, curl_easy_strerror(message->data.result));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

}  // namespace tailrace::replication::aws
