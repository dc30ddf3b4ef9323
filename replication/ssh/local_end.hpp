// The near end of a tunnel on the loopback address, made for a forward that its session has opened.
#pragma once

#include "replication/ssh/forward.hpp"
#include "replication/ssh/tunnel.hpp"

namespace tailrace::replication::ssh {

// Of a forward that is open. `wake` tells its session to take the socket.
std::unique_ptr<LocalEnd> make_local_end(std::shared_ptr<Board> board,
                                         std::shared_ptr<Forward> forward,
                                         std::function<void()> wake);

}  // namespace tailrace::replication::ssh
