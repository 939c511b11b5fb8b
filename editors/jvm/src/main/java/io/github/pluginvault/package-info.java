/**
 * A private, encrypted store for plugins of Eclipse, JetBrains IDEs and other programs on the JVM.
 *
 * <p>Begin with {@link io.github.pluginvault.Vault}.
 */

package io.github.pluginvault;
