# frozen_string_literal: true

require "json"

# Lets a VM's agent in. Vagrant reaches both VMs, and so carries what they may not trust the network with: the
# controller's one-time token, and a certificate for the metrics. Private keys stay where they were made.
class EbpfPersonasEnrolment < Vagrant.plugin("2", :provisioner)
  # The controller's VM does not come up.
  class NoController < Vagrant::Errors::VagrantError
    error_message("No controller: its VM has to be up and provisioned first. Run: vagrant up controller")
  end

  # For the controller in the same `vagrant up`, which takes its time in software emulation.
  PATIENCE = 1800

  def provision
    controller = wait_for_controller
    request = read(@machine, "cat /etc/lab/metrics/request.pem")
    answer = JSON.parse(read(controller, <<~COMMANDS))
      lab-admit #{@machine.name} <<'END'
      #{request.strip}
      END
    COMMANDS
    # Commands go through the shell's standard input, so the token is in no process' arguments.
    @machine.communicate.sudo(<<~COMMANDS)
      lab-admitted <<'END'
      #{JSON.generate(answer)}
      END
    COMMANDS
    @machine.ui.info("the controller lets #{@machine.name} in")
  end

  private

  def wait_for_controller
    give_up = Time.now + PATIENCE
    told = false
    loop do
      controller = ready_controller
      return controller if controller
      raise NoController if Time.now > give_up

      @machine.ui.info("waiting for the controller") unless told
      told = true
      sleep 5
    end
  end

  # A machine object of our own, as another thread may be using the one that everybody shares.
  def ready_controller
    controller = @machine.env.machine(:controller, @machine.provider_name, true)
    return unless controller.id && controller.communicate.ready?

    controller if controller.communicate.test("test -e /etc/lab/ready", sudo: true)
  rescue Vagrant::Errors::VagrantError
    nil
  end

  def read(machine, commands)
    output = +""
    machine.communicate.sudo(commands) { |type, data| output << data if type == :stdout }
    output
  end
end

# How Vagrant finds it.
class EbpfPersonasPlugin < Vagrant.plugin("2")
  name "ebpf_personas"
  provisioner(:ebpf_personas_enrolment) { EbpfPersonasEnrolment }
end
