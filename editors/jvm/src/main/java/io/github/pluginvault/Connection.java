package io.github.pluginvault;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.eclipse.lsp4j.jsonrpc.JsonRpcException;
import org.eclipse.lsp4j.jsonrpc.json.JsonRpcMethod;
import org.eclipse.lsp4j.jsonrpc.json.MessageJsonHandler;
import org.eclipse.lsp4j.jsonrpc.json.StreamMessageConsumer;
import org.eclipse.lsp4j.jsonrpc.json.StreamMessageProducer;
import org.eclipse.lsp4j.jsonrpc.messages.Message;
import org.eclipse.lsp4j.jsonrpc.messages.NotificationMessage;
import org.eclipse.lsp4j.jsonrpc.messages.RequestMessage;
import org.eclipse.lsp4j.jsonrpc.messages.ResponseError;
import org.eclipse.lsp4j.jsonrpc.messages.ResponseMessage;

/**
 * One sidecar process: its start, the handshake, its messages, its end. It is never restarted;
 * {@link Sidecar} starts another.
 *
 * <p>A thread of its own reads. It calls what waits for an answer, which must not block. lsp4j's
 * {@code RemoteEndpoint} is not used, since it logs messages, and hides whether a cancelled call
 * was carried out.
 */
final class Connection {
  /** The version of the protocol that this library speaks. */
  static final int PROTOCOL = 1;

  /** Milliseconds that a regular end may take before the process is killed. */
  static final long SHUTDOWN = 2_000;

  private static final System.Logger LOG = System.getLogger("io.github.pluginvault");

  /** All answers are results of one method for lsp4j, so that it keeps them as they are. */
  private static final JsonRpcMethod ANY = JsonRpcMethod.request("any", JsonElement.class);

  private final Path program;
  private final Process child;
  private final StreamMessageConsumer output;
  private final BiConsumer<String, JsonElement> notice;
  private final Runnable ended;
  private final Map<String, Consumer<ResponseMessage>> waiting = new HashMap<>();
  private final CompletableFuture<Void> over = new CompletableFuture<>();
  private final Thread logReader;
  private boolean isOver;
  private int requests;
  private volatile String lastLine = "";

  /** The handle of the key to which a relay has bound the connection, or null. */
  private volatile String relayHandle;

  /**
   * Starts the program. {@code notice} and {@code ended} are called on the thread that reads.
   */
  Connection(
      Path program,
      List<String> arguments,
      BiConsumer<String, JsonElement> notice,
      Runnable ended) {
    this.program = program;
    this.notice = notice;
    this.ended = ended;
    var command = new ArrayList<String>();
    command.add(program.toString());
    command.addAll(arguments);
    try {
      var folder = Program.workingFolder(System.getProperty("user.home", ""));
      child = new ProcessBuilder(command).directory(folder).start();
    } catch (IOException error) {
      throw VaultException.ended(program + " can't be started: " + error.getMessage(), error);
    }
    var handler =
        new MessageJsonHandler(
            Map.of(ANY.getMethodName(), ANY),
            gson -> gson.registerTypeAdapter(Encoded.class, new EncodedAdapter()));
    handler.setMethodProvider(id -> ANY.getMethodName());
    output = new StreamMessageConsumer(child.getOutputStream(), handler);
    logReader = start(this::readLog);
    start(() -> read(handler));
  }

  private static Thread start(Runnable work) {
    var thread = new Thread(work, "plugin-vault");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Checks that the program speaks this version of the protocol. Ends it if it does not. */
  void initialize(List<String> folders, long timeout) {
    var client = new JsonObject();
    client.addProperty("name", "plugin-vault for the JVM");
    client.addProperty("version", Connection.class.getPackage().getImplementationVersion());
    Params params =
        new Params()
            .add("processId", ProcessHandle.current().pid())
            .add("clientInfo", client)
            .add("capabilities", new JsonObject())
            .add("workspaceFolders", workspaceFolders(folders));
    try {
      check(ask("initialize", params, timeout));
    } catch (VaultException error) {
      kill();
      if (error.kind().equals("programUnsuitable")) {
        throw error;
      }
      awaitEnd();
      String said = lastLine.isEmpty() ? "" : " It said: " + lastLine;
      throw VaultException.ended(
          program + " can't be started as plugin-vault." + said, error);
    }
    notify("initialized", new Params());
  }

  private void check(JsonElement answer) {
    int spoken;
    JsonObject vault;
    try {
      vault =
          answer
              .getAsJsonObject()
              .getAsJsonObject("capabilities")
              .getAsJsonObject("experimental")
              .getAsJsonObject("pluginVault");
      spoken = vault.get("protocolVersion").getAsInt();
    } catch (RuntimeException notThere) {
      throw unsuitable("it is not plugin-vault. Name another program");
    }
    if (spoken != PROTOCOL) {
      String old = spoken < PROTOCOL ? "plugin-vault" : "the plugin";
      throw unsuitable("it has protocol " + spoken + ". Update " + old);
    }
    var relay = Json.GSON.fromJson(vault.get("relay"), Wire.Relayed.class);
    relayHandle = relay == null ? null : relay.handle();
  }

  private VaultException unsuitable(String why) {
    return new VaultException(
        "programUnsuitable",
        program + " can't be used with protocol " + PROTOCOL + ", because " + why + ".");
  }

  /** Returns workspace folders as the Language Server Protocol has them. */
  static JsonArray workspaceFolders(List<String> uris) {
    var folders = new JsonArray();
    for (String uri : uris) {
      var folder = new JsonObject();
      folder.addProperty("uri", uri);
      folder.addProperty("name", uri.substring(uri.lastIndexOf('/') + 1));
      folders.add(folder);
    }
    return folders;
  }

  long pid() {
    return child.pid();
  }

  String relayHandle() {
    return relayHandle;
  }

  synchronized boolean isOver() {
    return isOver;
  }

  /**
   * Sends a request. {@code done} gets the answer, or null if the process ended before it.
   */
  String request(String method, String params, Consumer<ResponseMessage> done) {
    var request = new RequestMessage();
    boolean alive;
    synchronized (this) {
      request.setId(++requests);
      alive = !isOver;
      if (alive) {
        waiting.put(request.getId(), done);
      }
    }
    if (alive) {
      request.setMethod(method);
      request.setParams(new Encoded(params));
      write(request);
    } else {
      done.accept(null);
    }
    return request.getId();
  }

  /**
   * Sends a request and waits for its result; without a limit if {@code timeout} is 0.
   */
  JsonElement ask(String method, Params params, long timeout) {
    var answer = new CompletableFuture<ResponseMessage>();
    request(method, params.encode(), answer::complete);
    try {
      return result(timeout == 0 ? answer.get() : answer.get(timeout, TimeUnit.MILLISECONDS));
    } catch (TimeoutException | InterruptedException | ExecutionException error) {
      throw VaultException.ended("plugin-vault does not answer.", error);
    }
  }

  /** Returns the result of an answer, or throws its error. */
  static JsonElement result(ResponseMessage answer) {
    if (answer == null) {
      throw VaultException.outcomeUnknown();
    }
    ResponseError error = answer.getError();
    if (error != null) {
      throw VaultException.of(error);
    }
    return (JsonElement) answer.getResult();
  }

  void notify(String method, Params params) {
    var notification = new NotificationMessage();
    notification.setMethod(method);
    notification.setParams(new Encoded(params.encode()));
    write(notification);
  }

  /**
   * Sends {@code $/cancelRequest} for a request.
   */
  void cancel(String id) {
    notify("$/cancelRequest", new Params().add("id", Integer.valueOf(id)));
  }

  private void write(Message message) {
    try {
      output.consume(message);
    } catch (JsonRpcException gone) {
      // The thread that reads notices the end.
      kill();
    }
  }

  /** Ends the process in order, or kills it. Earlier requests are still answered. */
  void close() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SHUTDOWN);
    try {
      ask("shutdown", new Params(), SHUTDOWN);
      notify("exit", new Params());
      child.getOutputStream().close();
      child.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (VaultException | IOException | InterruptedException notInOrder) {
      // It is killed.
    }
    kill();
    awaitEnd();
  }

  /** Ends the process at once, with what it has started: a program may be a script. */
  void kill() {
    child.descendants().forEach(ProcessHandle::destroyForcibly);
    child.destroyForcibly();
  }

  /** Waits until all that waited for an answer knows of the end. */
  void awaitEnd() {
    try {
      over.get(2 * SHUTDOWN, TimeUnit.MILLISECONDS);
      logReader.join(SHUTDOWN);
    } catch (ExecutionException | TimeoutException | InterruptedException impossible) {
      Thread.currentThread().interrupt();
    }
  }

  private void read(MessageJsonHandler handler) {
    try (var input = new Input(handler)) {
      input.listen(this::receive);
    } catch (RuntimeException noMessage) {
      // Nothing that follows it could be understood.
      kill();
    }
    try {
      if (!child.waitFor(SHUTDOWN, TimeUnit.MILLISECONDS)) {
        kill();
        child.waitFor();
      }
    } catch (InterruptedException stop) {
      kill();
    }
    List<Consumer<ResponseMessage>> unanswered;
    synchronized (this) {
      isOver = true;
      unanswered = List.copyOf(waiting.values());
      waiting.clear();
    }
    ended.run();
    unanswered.forEach(done -> done.accept(null));
    over.complete(null);
  }

  private void receive(Message message) {
    if (message instanceof NotificationMessage notification) {
      notice.accept(notification.getMethod(), (JsonElement) notification.getParams());
    } else if (message instanceof ResponseMessage answer) {
      Consumer<ResponseMessage> done;
      synchronized (this) {
        done = waiting.remove(answer.getId());
      }
      if (done != null) {
        done.accept(answer);
      }
    }
  }

  /** Logs what the process says. Its lines have no key and no value. */
  private void readLog() {
    var stream = new InputStreamReader(child.getErrorStream(), StandardCharsets.UTF_8);
    try (var lines = new BufferedReader(stream)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        lastLine = line.stripTrailing();
        LOG.log(System.Logger.Level.WARNING, lastLine);
      }
    } catch (IOException end) {
      // The process has ended.
    }
  }

  /** lsp4j's reader without its log lines, which have parts of messages. */
  private final class Input extends StreamMessageProducer {
    Input(MessageJsonHandler handler) {
      super(child.getInputStream(), handler, (message, issues) -> receiveUnreadable(message));
    }

    @Override
    protected void fireError(Throwable error) {
      // A message without an id is not for any caller. What is no message at all can't be followed.
      if (!(error instanceof JsonParseException)) {
        kill();
      }
    }

    @Override
    protected void fireStreamClosed(Exception cause) {}
  }

  private void receiveUnreadable(Message message) {
    if (message instanceof ResponseMessage answer) {
      VaultException unreadable = VaultException.unreadable();
      answer.setResult(null);
      answer.setError(new ResponseError(0, unreadable.getMessage(), unreadable.data()));
      receive(answer);
    }
  }

  /** Parameters that are encoded already. */
  private record Encoded(String text) {}

  private static final class EncodedAdapter extends TypeAdapter<Encoded> {
    @Override
    public void write(JsonWriter out, Encoded value) throws IOException {
      out.jsonValue(value.text());
    }

    @Override
    public Encoded read(JsonReader in) {
      throw new UnsupportedOperationException();
    }
  }
}
