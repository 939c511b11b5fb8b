package io.github.pluginvault.conformance;

import java.nio.file.Path;
import org.eclipse.equinox.app.IApplication;
import org.eclipse.equinox.app.IApplicationContext;

/** Runs the cases in Eclipse's platform. */
public final class Application implements IApplication {
  @Override
  public Object start(IApplicationContext context) throws Exception {
    String[] arguments =
        (String[]) context.getArguments().get(IApplicationContext.APPLICATION_ARGS);
    boolean passes =
        Suite.run(arguments[0], Path.of(arguments[1]), Path.of(arguments[2]), System.out);
    return passes ? EXIT_OK : Integer.valueOf(1);
  }

  @Override
  public void stop() {}
}
