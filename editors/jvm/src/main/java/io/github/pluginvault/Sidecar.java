package io.github.pluginvault;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.pluginvault.Wire.Status;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.eclipse.lsp4j.jsonrpc.messages.ResponseMessage;

/**
 * A sidecar process for any number of vaults: started when a call needs it, and again after it
 * ended.
 *
 * <p>A worker thread does all of it, one thing after another: it starts the process, sets the keys
 * and sends the calls in their order. So no call ever blocks the thread of its caller.
 */
public final class Sidecar implements AutoCloseable {
  /** A sidecar that ended this often within a minute is not started before the minute is over. */
  private static final int ENDS = 5;

  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

  /** Milliseconds before the next attempt to continue a watch. */
  private static final long PAUSE = 1_000;

  /** Methods that are repeated if the sidecar ends during them. */
  private static final Set<String> READS =
      Set.of(
          "getPersistentData",
          "getPersistentRecord",
          "listPersistentData",
          "listAPIKeys",
          "watchPersistentData",
          "vault/status");

  private final SidecarOptions options;
  private final List<Registration> keys = new CopyOnWriteArrayList<>();
  private final Deque<Long> ends = new ArrayDeque<>();
  private final ScheduledThreadPoolExecutor worker;
  private final ExecutorService pool;
  private final Thread hook;
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private List<String> folders;
  private volatile Connection connection;
  private volatile boolean isStarting;
  private volatile boolean isOverdue;

  /** The time from which the limit of the end counts. */
  private volatile long limitedFrom;
  private boolean isClosing;

  /** Makes a sidecar. Its process starts with the first call. */
  public Sidecar(SidecarOptions options) {
    this.options = options;
    this.folders = options.workspaceFolders;
    worker = new ScheduledThreadPoolExecutor(1, Sidecar::thread);
    worker.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    pool = Executors.newCachedThreadPool(Sidecar::thread);
    hook = new Thread(() -> closeAsync().join(), "plugin-vault");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private static Thread thread(Runnable work) {
    var thread = new Thread(work, "plugin-vault");
    thread.setDaemon(true);
    return thread;
  }

  /** Returns the id of the running process, if there is one. */
  public OptionalLong pid() {
    Connection running = connection;
    return running == null || running.isOver()
        ? OptionalLong.empty()
        : OptionalLong.of(running.pid());
  }

  /** Sets the URIs of the open workspace folders. To be called whenever they change. */
  public void setWorkspaceFolders(List<String> uris) {
    List<String> copy = List.copyOf(uris);
    post(() -> replaceFolders(copy));
  }

  /**
   * Ends the process. Earlier calls are still answered, and a refresh of tokens that is running has
   * two seconds to store its result.
   */
  public CompletableFuture<Void> closeAsync() {
    var refreshes = keys.stream().flatMap(key -> key.refreshes.stream());
    CompletableFuture.allOf(refreshes.toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, Connection.SHUTDOWN, TimeUnit.MILLISECONDS)
        .thenRun(this::beginClosing);
    return end.copy();
  }

  /** Ends the process, and waits for that: some seconds at most. Not for a thread of a window. */
  @Override
  public void close() {
    closeAsync().join();
  }

  private void beginClosing() {
    synchronized (this) {
      if (isClosing) {
        return;
      }
      isClosing = true;
      worker.execute(this::end);
    }
    limitedFrom = System.nanoTime();
    limitEnd();
  }

  /** The worker may be blocked by a process that reads nothing. A start has its own limit. */
  private void limitEnd() {
    long limit = TimeUnit.MILLISECONDS.toNanos(Connection.SHUTDOWN);
    long left = limitedFrom + limit - System.nanoTime();
    CompletableFuture.delayedExecutor(left, TimeUnit.NANOSECONDS, pool)
        .execute(
            () -> {
              if (isStarting) {
                limitedFrom = System.nanoTime();
              }
              if (System.nanoTime() - limitedFrom < limit) {
                limitEnd();
                return;
              }
              isOverdue = true;
              Connection running = connection;
              if (!end.isDone() && running != null) {
                running.kill();
              }
            });
  }

  private void end() {
    if (connection != null) {
      connection.close();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException isShuttingDown) {
      // It is the hook that closes.
    }
    worker.shutdown();
    pool.execute(() -> end.complete(null));
    pool.shutdown();
  }

  // --- For the vaults

  void add(Registration key) {
    keys.add(key);
  }

  /** Ends the watches of a key that is no longer used. */
  void forget(Registration key) {
    post(
        () -> {
          keys.remove(key);
          key.watchers.clear();
          unwatch(key);
        });
  }

  /** Makes a call. Without a method, it only sets the key. */
  <T> Call<T> call(
      Registration key, String method, Params params, Function<JsonElement, T> read) {
    var call = new Call<T>(this, key, method, params, read);
    if (!post(() -> send(call))) {
      call.completeExceptionally(VaultException.closed());
    }
    return call;
  }

  /** Lets the worker do something after all that it was given before. Returns whether it will. */
  synchronized boolean post(Runnable task) {
    if (!isClosing) {
      worker.execute(task);
    }
    return !isClosing;
  }

  /** Lets another thread do something that may block: code of the caller's. */
  void aside(Runnable work) {
    try {
      pool.execute(work);
    } catch (RejectedExecutionException isClosed) {
      work.run();
    }
  }

  /** Repeats something on the worker. */
  ScheduledFuture<?> every(long milliseconds, Runnable task) {
    return worker.scheduleAtFixedRate(task, milliseconds, milliseconds, TimeUnit.MILLISECONDS);
  }

  // --- On the worker's thread

  private <T> void send(Call<T> call) {
    if (call.isCancelRequested) {
      call.fail(new VaultException("requestCancelled", "The call was cancelled."));
      return;
    }
    try {
      Connection ready = ready(call.key);
      if (call.method == null) {
        call.succeed(null);
        return;
      }
      call.handle = call.key == null ? null : call.key.handle;
      call.connection = ready;
      call.id = ready.request(call.method, call.text(), answer -> answer(call, answer));
    } catch (RuntimeException error) {
      call.fail(error);
    }
  }

  /** Returns the running process, which knows the key. */
  private Connection ready(Registration key) {
    while (true) {
      Connection running = running();
      try {
        if (key != null && key.connection != running) {
          key.register(running);
        }
        return running;
      } catch (VaultException error) {
        // The process has ended. This request was our own.
        if (!error.isAnyOf("outcomeUnknown")) {
          throw error;
        }
      }
    }
  }

  private Connection running() {
    if (connection != null && !connection.isOver()) {
      return connection;
    }
    if (isOverdue) {
      throw VaultException.closed();
    }
    synchronized (ends) {
      if (ends.size() == ENDS && System.nanoTime() - ends.getFirst() < MINUTE) {
        throw VaultException.endedTooOften(ENDS);
      }
    }
    // Searched for at each start: an update may have moved it.
    Path program = Program.find(options.program, options.packed, options.environment);
    isStarting = true;
    try {
      connection = new Connection(program, options.arguments(), this::notice, this::ended);
      connection.initialize(folders, options.handshake);
    } finally {
      limitedFrom = System.nanoTime();
      isStarting = false;
    }
    return connection;
  }

  /** Repeats a call if another window has replaced the key that plugin-vault keeps. */
  private <T> void repeatWithNewKey(Call<T> call, VaultException refused) {
    call.isRepeated = true;
    Registration key = call.key;
    if (key.connection == call.connection && key.handle.equals(call.handle)) {
      key.connection = null;
    }
    try {
      ready(key);
    } catch (RuntimeException error) {
      call.fail(error);
      return;
    }
    if (key.isCreated) {
      // The key was revoked: the caller has to know. Later calls use the new key.
      call.fail(refused);
    } else {
      send(call);
    }
  }

  /** Continues the watches of a key whose process or registration has ended. */
  private void resume(Registration key) {
    if (key.watchers.isEmpty() || !keys.contains(key)) {
      return;
    }
    try {
      ready(key);
    } catch (VaultException error) {
      if (error.isAnyOf("apiKeyRevoked", "apiKeyExpired")) {
        key.watchers.end(error.kind());
      } else {
        worker.schedule(() -> resume(key), PAUSE, TimeUnit.MILLISECONDS);
      }
    }
  }

  /** Ends the watch of a key that no vault watches any more. */
  void unwatch(Registration key) {
    boolean isUsed =
        keys.stream().anyMatch(each -> !each.watchers.isEmpty() && each.handle.equals(key.handle));
    if (!isUsed && key.watchers.isEmpty() && connection != null && key.connection == connection) {
      String params = new Params().add("handle", key.handle).encode();
      connection.request("unwatchPersistentData", params, answer -> {});
    }
  }

  private void replaceFolders(List<String> uris) {
    var event = new JsonObject();
    event.add("added", Connection.workspaceFolders(without(uris, folders)));
    event.add("removed", Connection.workspaceFolders(without(folders, uris)));
    folders = uris;
    if (connection != null) {
      connection.notify("workspace/didChangeWorkspaceFolders", new Params().add("event", event));
    }
  }

  private static List<String> without(List<String> uris, List<String> others) {
    var left = new ArrayList<String>(uris);
    left.removeAll(others);
    return left;
  }

  // --- On the thread that reads

  private <T> void answer(Call<T> call, ResponseMessage answer) {
    JsonElement result;
    try {
      result = Connection.result(answer);
    } catch (VaultException error) {
      Runnable again = null;
      if (answer == null && READS.contains(call.method)) {
        again = () -> send(call);
      } else if (error.isAnyOf("apiKeyRevoked")
          && call.key != null
          && call.key.isKept()
          && !call.isRepeated) {
        again = () -> repeatWithNewKey(call, error);
      }
      if (again == null || !post(again)) {
        call.fail(error);
      }
      return;
    }
    call.succeed(result);
  }

  private void ended() {
    synchronized (ends) {
      ends.addLast(System.nanoTime());
      while (ends.size() > ENDS) {
        ends.removeFirst();
      }
    }
    keys.forEach(key -> post(() -> resume(key)));
  }

  private void notice(String method, JsonElement params) {
    if (method.equals("vault/didChangeStatus")) {
      Consumer<Status> listener = options.onStatus;
      if (listener != null) {
        Status status = Json.GSON.fromJson(params, Status.class);
        aside(() -> listener.accept(status));
      }
    } else if (method.equals("persistentData/didChange")) {
      report(params.getAsJsonObject());
    }
  }

  private void report(JsonObject change) {
    String handle = change.get("handle").getAsString();
    boolean isRevoked =
        change.has("ended") && change.get("ended").getAsString().equals("apiKeyRevoked");
    for (Registration key : keys) {
      if (!key.handle.equals(handle)) {
        continue;
      }
      if (isRevoked && key.isKept()) {
        // plugin-vault has another key by now, or creates one when it is asked.
        post(
            () -> {
              key.connection = null;
              resume(key);
            });
      } else {
        key.watchers.report(change);
      }
    }
  }
}
